/** A name that would end whatever it stands in. */
export const HOSTILE = `x"'></title></style>]]><script>alert(1)</script>&\u0000\ud800`;

/** As it is shown. */
export const HARMLESS = HOSTILE.replaceAll('\u0000', '\ufffd').replaceAll('\ud800', '\ufffd');
