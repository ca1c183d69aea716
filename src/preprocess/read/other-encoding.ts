/** What is said where most of a text is no UTF-8. */
export const OTHER_ENCODING =
  'the text is in another encoding than UTF-8: convert it (for Chinese, iconv -f GB18030 -t UTF-8)';
