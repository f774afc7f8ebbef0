/** English: pictures that are put into texts. */
import { size } from "./format.ts";

export const pictureWords = {
  tooLarge: (name: string, most: number) => `${name} is larger than ${size(most)}, the most that a picture in a text may have.`,
  unreadable: "The picture cannot be read.",
} as const;
