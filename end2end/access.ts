// A board with users, and browsers of theirs.
import { type Board, expect, open, type Page } from './fixtures.ts';

/** Everybody's password. */
export const PASSWORD = 'correct horse battery';
/** The first admin. */
export const ADMIN = 'ada';

/** What Chromium says of an answer that refuses something, as it should. */
export const refused = (...statuses: number[]) => ({
  console: statuses.map((status) => new RegExp(`Failed to load resource: the server responded with a status of ${status}`)),
});

/** Makes the first admin, and from then on asks the board with a token. */
export async function close(board: Board): Promise<void> {
  await board.call('/api/v1/users', { username: ADMIN, password: PASSWORD, role: 'admin', full_name: 'Ada Lovelace' });
  const form = new URLSearchParams({ username: ADMIN, password: PASSWORD });
  const response = await fetch(`${board.url}/token`, { method: 'POST', body: form });
  board.token = (await response.json()).access_token;
  const { token } = await board.call('/api/v1/tokens', { name: 'the tests', role: 'admin' });
  board.token = token;
}

/** Makes a user. */
export async function user(board: Board, username: string, role: string, more: object = {}): Promise<void> {
  await board.call('/api/v1/users', { username, password: PASSWORD, role, ...more });
}

/** Signs a browser in by the form. */
export async function signIn(page: Page, name: string, password = PASSWORD, at = '/login'): Promise<void> {
  await page.goto(at);
  await page.getByLabel('User name').fill(name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

/** Signs a browser in, and opens a page. */
export async function enter(page: Page, name: string, path = '/'): Promise<void> {
  await signIn(page, name);
  await expect(page).not.toHaveURL(/\/login/);
  await open(page, path);
}

/** The main navigation, as its links are called. */
export const pages = (page: Page) => page.getByRole('navigation', { name: 'Main' }).getByRole('link').evaluateAll((all) =>
  all.map((link) => link.getAttribute('title')).filter((title) => title !== null));

/** The page as it is sent, before anything runs. */
export async function html(page: Page, path: string): Promise<{ status: number; text: string }> {
  const response = await page.request.get(path, { headers: { accept: 'text/html' }, maxRedirects: 0 });
  return { status: response.status(), text: await response.text() };
}
