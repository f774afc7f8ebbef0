/** English: the queue of a session. */

export const queueWords = {
  takeBack: "Take it out of the queue",
  takeAllBack: "Cancel all that is queued",
  earlyInQueue: "Run it earlier",
  lateInQueue: "Run it later",
} as const;
