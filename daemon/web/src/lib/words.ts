// SPDX-License-Identifier: MIT

/** "Anna, Ben +3": names as far as there is room for them. */
export const someOf = (names: readonly string[], max: number): string =>
  names.length > max ? `${names.slice(0, max).join(", ")} +${names.length - max}` : names.join(", ");
