/** Thrown on bytes that are no message of the server, and by nothing else. */
export class BadMessage extends Error {}
