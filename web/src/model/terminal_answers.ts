/** What a terminal answers by itself, as opposed to what a person types. */

const ESC = "\u001b";

/**
 * Reports of the cursor, of the device, of modes and colours, and of the focus ("XTerm Control Sequences"). A key may look like one (Shift-F3): then it
 * counts as a report, which is sent all the same where the person types.
 */
const REPORT = new RegExp(
  `^(?:${ESC}\\[[?>=]?[\\d;]*(?:\\$y|[cnRt])|${ESC}\\[[IO]|${ESC}P[^${ESC}]*${ESC}\\\\|${ESC}\\][^${ESC}\\u0007]*(?:\\u0007|${ESC}\\\\))+$`,
);

/** Whether what a terminal emits is only answers to what a program asked it. */
export const isReport = (text: string): boolean => REPORT.test(text);
