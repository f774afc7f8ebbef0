/** English: signing in. */

export const signInWords = {
  signInTo: "Sign in to webipy",
  token: "Token",
  signInHint: "Run “webipy open” in a terminal on the server’s machine for a fresh link.",
  hubSignIn: "Sign in at the hub",
  hubHint: "A JupyterHub signs people in here. Afterwards you are back on this page.",
  signInKeep: "Kernels you left running keep running. Their output is waiting for you.",
  signInRefused: "This token is not known. Check that it was copied whole.",
} as const;
