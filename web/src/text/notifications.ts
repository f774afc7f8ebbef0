/** English: being told when a run has ended. */

export const notificationWords = {
  ask: "Tell me when it has ended",
  asked: "You are told when it has ended",
  show: "Show",
} as const;
