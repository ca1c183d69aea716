/** Labels of an axis of counts: 500, 2k, 10k; .5 as 0.5, where SI would have 500m. */
export const COUNT_LABEL = "datum.value < 1000 ? format(datum.value, '~r') : format(datum.value, '~s')";
