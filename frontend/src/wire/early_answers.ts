/** Answers that src/early.ts sent for before the page's own script ran. */

declare global {
  interface Window {
    /** By address. */
    earlyAnswers?: Map<string, Promise<Response>>;
  }
}

/** Each is taken once; undefined where there is none. */
export function takeEarlyAnswer(url: string): Promise<Response> | undefined {
  const answer = window.earlyAnswers?.get(url);
  window.earlyAnswers?.delete(url);
  return answer?.catch(() => fetch(url));
}
