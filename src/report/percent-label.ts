/** Labels of an axis of shares, as `percent` writes them. */
export const PERCENT_LABEL = "format(100 * datum.value, '.3~r') + ' %'";
