/**
 * The columns of a wide table in groups that each have room on paper, with the columns in front that name the rows.
 *
 * Args:
 *   widths: of all columns, in pixels.
 *   naming: how many columns in front stand in every group.
 *   most: the width of a group, in pixels; a column that is wider has a group of its own.
 *
 * Returns:
 *   The first column of each group behind those that name the rows, and its end.
 */
export function columnGroups(widths: readonly number[], naming: number, most: number): (readonly [number, number])[] {
  const own = widths.slice(0, naming).reduce((sum, one) => sum + one, 0);
  const found: (readonly [number, number])[] = [];
  let first = naming;
  let width = own;
  for (let column = naming; column < widths.length; column++) {
    const one = widths[column] ?? 0;
    if (column > first && width + one > most) {
      found.push([first, column]);
      first = column;
      width = own;
    }
    width += one;
  }
  if (first < widths.length) found.push([first, widths.length]);
  return found;
}
