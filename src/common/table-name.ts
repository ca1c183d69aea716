/** Names of embedding tables: `<group>/<field>`. */

/** `group` is item (of e_t), property (of p_t), user (of u) or an entity. */
export function tableName(group: string, field: string): string {
  return `${group}/${field}`;
}
