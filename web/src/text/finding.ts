/** The sentences about finding files by their names. */
export const w = {
  recent: "opened lately",
  looking: "Looking through the folders…",
};
