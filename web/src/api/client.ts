// The one place that talks to the server. Errors come as RFC 9457 problems and
// leave as ApiError, whose message may be shown to people as it is.
import { text } from '$/text/en';

const base = '/api/v1';
const patience = 20_000; // milliseconds until an answer is given up

export class ApiError extends Error {
  constructor(
    readonly status: number, // 0 when the server could not be reached
    message: string,
  ) {
    super(message);
    this.name = 'ApiError';
  }
  get offline(): boolean {
    return this.status === 0;
  }
}

interface Problem {
  title?: string;
  detail?: string;
  errors?: { message?: string }[];
}

export async function request<T>(path: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(base + path, {
      ...init,
      headers: { Accept: 'application/json', ...init.headers },
      credentials: 'same-origin',
      signal: init.signal ?? AbortSignal.timeout(patience),
    });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === 'AbortError') throw cause;
    throw new ApiError(0, text.errors.unreachable);
  }
  if (!response.ok) throw new ApiError(response.status, await explain(response));
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch {
    throw new ApiError(response.status, text.errors.unreadable);
  }
}

async function explain(response: Response): Promise<string> {
  try {
    const problem = (await response.json()) as Problem;
    const first = problem.errors?.[0]?.message;
    const said = [problem.detail ?? problem.title, first].filter(Boolean).join(': ');
    if (said) return said;
  } catch {
    // Not a problem document; the status has to do.
  }
  return text.errors.status(response.status);
}

/** Builds a query string from what is set. */
export function query(params: Record<string, string | number | undefined>): string {
  const q = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    if (value !== undefined && value !== '') q.set(key, String(value));
  }
  const s = q.toString();
  return s ? `?${s}` : '';
}

export interface Page<T> {
  items: T[];
  next?: string;
}

/**
 * Reads all pages of a list, handing over each as it comes, so that a screen
 * fills while the rest is on its way.
 */
export async function pages<T>(path: string, params: Record<string, string | number | undefined>, take: (items: T[]) => void, signal?: AbortSignal): Promise<void> {
  let cursor: string | undefined;
  do {
    const page: Page<T> = await request<Page<T>>(path + query({ ...params, cursor }), signal ? { signal } : {});
    take(page.items);
    cursor = page.next || undefined;
  } while (cursor);
}
