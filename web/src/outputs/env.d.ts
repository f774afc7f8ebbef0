/** Where the libraries of sealed frames are, by their names. */
declare const FRAME_LIBRARIES: string;
