/** The browser's storage; where it is switched off, values live as long as the page. */

const fallback = new Map<string, string>();

export function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return fallback.get(key) ?? null;
  }
}

export function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    fallback.set(key, value);
  }
}

export function forget(key: string): void {
  fallback.delete(key);
  try {
    localStorage.removeItem(key);
  } catch {
    // Nothing was kept there.
  }
}

/** A kept JSON value; `otherwise` where there is none or it does not read. */
export function keptJson<T>(key: string, otherwise: T): T {
  try {
    return JSON.parse(kept(key) ?? "") as T;
  } catch {
    return otherwise;
  }
}
