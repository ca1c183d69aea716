/** Keys of metrics: `auc[ctr]` is the metric `auc` of the task `ctr`. */
export function metricOfKey(key: string): { readonly name: string; readonly task: string } {
  const end = key.indexOf('[');
  return { name: key.slice(0, end), task: key.slice(end + 1, -1) };
}
