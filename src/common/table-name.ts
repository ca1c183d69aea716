/** Names of embedding tables: `<group>/<field>`. */

/** item: of e_t, property: of p_t, user: of u. */
export type TableGroup = 'item' | 'property' | 'user';

export function tableName(group: TableGroup, field: string): string {
  return `${group}/${field}`;
}
