/** A place in a source file, of ours or of a library: what a stack trace has, and no answer. */
export const SOURCE_PLACE = /node_modules|node:internal|dist\/|\.(?:js|ts):\d+|\bat [\w.<>]+ \(|file:\/\//;
