// Who may see and do what: signing in and out, users, roles, tokens, the audit log.
import { ADMIN, close, enter, html, pages, PASSWORD, refused, signIn, user } from '../access.ts';
import { Board } from '../board.ts';
import { card, expect, fleet, open, type Page, sampled, test } from '../fixtures.ts';
import { workers } from '../work.ts';

const dialog = (page: Page) => page.getByRole('dialog').filter({ visible: true });
const line = (page: Page, name: string) =>
  page.locator('table.cards tbody tr').filter({ has: page.locator('b', { hasText: new RegExp(`^${name}$`) }) });
const denied = (page: Page) => page.getByText('You may not see this page');

/** Opens the menu of who is signed in. */
async function menu(page: Page) {
  await page.locator('button.who').click();
  return page.locator('#who');
}

test.describe('an open board', () => {
  // A page that is left has asked who it was.
  test.use({ expected: refused(401, 422) });

  test('says so, and is closed by its first admin', async ({ page, browser, board }) => {
    await open(page, '/projects');
    await expect(page.locator('.open-board')).toContainText('anyone on this machine is let in');
    await page.getByRole('link', { name: 'Create the first admin' }).click();
    await expect(page.getByRole('heading', { name: 'The first admin' })).toBeVisible();
    await expect(page.getByLabel('User name')).toBeFocused();
    await page.getByLabel('User name').fill(ADMIN);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('Password again').fill('another');
    await page.getByRole('button', { name: 'Create the first admin' }).click();
    await expect(page.getByRole('alert')).toHaveText('The two passwords are not the same.');
    await expect(page.getByLabel('User name')).toHaveValue(ADMIN);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('Password again').fill(PASSWORD);
    await page.getByRole('button', { name: 'Create the first admin' }).click();
    await expect(page.locator('.conn [role=status]')).toHaveText('Live');
    await expect(page.locator('.open-board')).toHaveCount(0);
    await expect(page.locator('button.who')).toContainText(ADMIN);

    const stranger = await browser.newContext({ baseURL: board.url });
    const other = await stranger.newPage();
    await other.goto('/projects?q=a b');
    await expect(other).toHaveURL(/\/login\?next=/);
    await expect(other.getByRole('heading', { name: 'Sign in' })).toBeVisible();
    await stranger.close();
  });

  test('is left by pages that were open when it was closed', async ({ page, board }) => {
    await open(page, '/projects');
    await close(board);
    await expect(page).toHaveURL(/\/login\?next=%2Fprojects/);
  });
});

test.describe('signing in', () => {
  test.use({ expected: refused(401) });

  test('says what is wrong, and leads to where one wanted', async ({ page, board }) => {
    await close(board);
    await page.goto('/projects?q=check%20out');
    await expect(page).toHaveURL(/\/login/);
    await page.getByLabel('User name').fill(ADMIN);
    await page.getByLabel('Password').fill('not this one');
    const answer = page.waitForResponse((response) => response.request().method() === 'POST');
    await page.getByRole('button', { name: 'Sign in' }).click();
    expect((await answer).status()).toBe(401);
    await expect(page.getByRole('alert')).toContainText('password is wrong');
    await expect(page.getByLabel('User name')).toHaveValue(ADMIN);
    await expect(page.getByLabel('Password')).toBeFocused();
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page).toHaveURL(/\/projects\?q=check%20out$/);
    await expect(page.locator('.conn [role=status]')).toHaveText('Live');
    // Whoever is signed in need not do so again.
    await page.goto('/login?next=/work');
    await expect(page).toHaveURL(/\/work$/);
  });

  test('out is out', async ({ page, board }) => {
    await close(board);
    await enter(page, ADMIN, '/projects');
    const open = await menu(page);
    await expect(open).toContainText('Ada Lovelace');
    await open.getByRole('button', { name: 'Sign out' }).click();
    // By the form, or by the page itself when its line is closed: whichever is first.
    await expect(page).toHaveURL(/\/login(\?next=.*)?$/);
    await page.goto('/projects');
    await expect(page).toHaveURL(/\/login\?next=/);
    expect((await page.request.get('/api/v1/me')).status()).toBe(401);
  });
});

async function busy(board: Board): Promise<void> {
  await board.send(...fleet(), ...workers(), sampled('build-01', { cpu: 37 }));
}

test.describe('a page shows what one may see', () => {
  test.use({ expected: refused(403) });

  test('to a viewer', async ({ page, board }) => {
    await close(board);
    await busy(board);
    await user(board, 'vera', 'viewer');
    await enter(page, 'vera');
    expect(await pages(page)).toEqual(['Overview', 'Projects', 'Work', 'Portfolio', 'Metrics', 'Alerts']);
    await expect(card(page, /^Work/)).toBeVisible();
    await expect(card(page, /^System/)).toHaveCount(0);
    await page.keyboard.press('Control+k');
    const offered = page.getByRole('option');
    await expect(offered.filter({ hasText: 'Projects' })).toHaveCount(1);
    await expect(offered.filter({ hasText: /^(System|Users|Tokens|Audit log)/ })).toHaveCount(0);
    await page.keyboard.press('Escape');
    await page.keyboard.press('g');
    await page.keyboard.press('s');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Overview');

    for (const path of ['/system', '/users', '/users/roles', '/tokens', '/audit']) {
      const { status, text } = await html(page, path);
      expect(status, path).toBe(403);
      expect(text).toContain('You may not see this page');
      expect(text).not.toMatch(/as of .* on disk|href="\/(users|tokens|audit|system)/);
    }
    await open(page, '/tokens');
    await expect(denied(page)).toBeVisible();
    await expect(page.getByRole('alert')).toContainText('manage_tokens');
    await expect(page.getByRole('alert')).toContainText('your role is viewer');
    await page.getByRole('alert').getByRole('link', { name: 'Work' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Work');

    for (const path of ['/work/dead-letters?group=all', '/work/tasks', '/work/tasks/t-wait']) {
      const { status, text } = await html(page, path);
      expect(status).toBe(200);
      expect(text).toContain('t-');
      expect(text, path).not.toMatch(/<button[^>]*aria-label="(Retry|Cancel)|Retry all|type="checkbox"(?! id="alert-)/);
    }
  });

  test('to an operator', async ({ page, board }) => {
    await close(board);
    await busy(board);
    await user(board, 'otto', 'operator');
    await enter(page, 'otto', '/work/dead-letters');
    expect(await pages(page)).toEqual(['Overview', 'Projects', 'Work', 'Portfolio', 'Metrics', 'Alerts', 'System']);
    await expect(page.getByRole('button', { name: /^Retry all/ }).first()).toBeVisible();
  });

  for (const role of ['trader', 'producer']) {
    test(`to a ${role}, who may not see projects`, async ({ page, board }) => {
      await close(board);
      await busy(board);
      await user(board, 'tim', role);
      await enter(page, 'tim');
      const seen = role === 'trader' ? ['Overview', 'Portfolio', 'Metrics', 'Alerts'] : ['Overview'];
      expect(await pages(page)).toEqual(seen);
      await expect(page.getByText('What you may see and do')).toBeVisible();
      const { status, text } = await html(page, '/');
      expect(status).toBe(200);
      expect(text).not.toContain('checkout');
      expect((await html(page, '/projects/checkout')).text).not.toContain('AssertionError');
      await page.locator('main').getByRole('link', { name: 'Your account' }).click();
      await expect(page.locator('.person')).toContainText(role);
      await open(page, '/work');
      await expect(denied(page)).toBeVisible();
    });
  }
});

test('anybody may look where that was chosen, and sign in', async ({ page }) => {
  const board = await Board.create({ sampler: false, args: ['--anonymous', 'viewer'] });
  try {
    await close(board);
    await busy(board);
    await open(page, `${board.url}/projects?q=check`);
    await expect(page.locator('.open-board')).toHaveCount(0);
    expect(await pages(page)).toEqual(['Overview', 'Projects', 'Work', 'Portfolio', 'Metrics', 'Alerts']);
    await page.getByRole('link', { name: 'Sign in' }).click();
    await page.getByLabel('User name').fill(ADMIN);
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await expect(page).toHaveURL(`${board.url}/projects?q=check`);
    await expect(page.locator('button.who')).toContainText('Ada Lovelace');
    await page.context().clearCookies();
    await open(page, `${board.url}/account`);
    await expect(page.getByText('What you see is what anyone may see.')).toBeVisible();
    // What it takes more for is not there, but may be after having signed in.
    await page.goto(`${board.url}/system`);
    await expect(page).toHaveURL(/\/login\?next=%2Fsystem/);
  } finally {
    await board.discard();
  }
});

test.describe('users', () => {
  test.use({ expected: refused(409, 422, 403) });

  test('are made, changed, kept out and removed', async ({ page, browser, board }) => {
    await close(board);
    await enter(page, ADMIN, '/users');
    await expect(line(page, ADMIN)).toContainText('you');
    await page.getByRole('button', { name: 'New user' }).click();
    const form = dialog(page);
    await expect(form.getByLabel('User name')).toBeFocused();
    await form.getByLabel('User name').fill('vera');
    await form.getByLabel('Full name').fill('Vera Rubin');
    await form.getByLabel('Password', { exact: true }).fill('short');
    await form.getByRole('button', { name: 'Create' }).click();
    await expect(form.locator('.field', { hasText: 'Password' }).getByRole('alert')).toContainText('at least 8 characters');
    await expect(form.getByLabel('Password', { exact: true })).toBeFocused();
    await form.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await form.getByRole('button', { name: 'Create' }).click();
    await expect(form).toHaveCount(0);
    await expect(line(page, 'vera')).toContainText('viewer');
    await expect(line(page, 'vera')).toContainText('Vera Rubin');
    await page.getByRole('button', { name: 'New user' }).click();
    await expect(dialog(page).getByLabel('User name'), 'what was typed is not kept').toHaveValue('');
    await dialog(page).getByRole('button', { name: 'Not now' }).click();

    // Another role is in force at once, on pages that are open.
    const theirs = await browser.newContext({ baseURL: board.url });
    const other = await theirs.newPage();
    await enter(other, 'vera', '/system');
    await expect(denied(other)).toBeVisible();
    await line(page, 'vera').getByRole('button', { name: 'Change vera' }).click();
    await dialog(page).getByLabel('Role', { exact: true }).selectOption('operator');
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    await expect(line(page, 'vera')).toContainText('operator');
    await expect(denied(other)).toHaveCount(0);
    await expect(card(other, 'Intake')).toBeVisible();

    await line(page, 'vera').getByRole('button', { name: 'Disable vera' }).click();
    await dialog(page).getByRole('button', { name: 'Disable' }).click();
    await expect(line(page, 'vera')).toContainText('disabled');
    await expect(other).toHaveURL(/\/login/);
    await theirs.close();

    await line(page, 'vera').getByRole('button', { name: 'Remove vera' }).click();
    await expect(dialog(page)).toContainText('Remove vera?');
    await dialog(page).getByRole('button', { name: 'Not now' }).click();
    await expect(line(page, 'vera')).toHaveCount(1);
    await line(page, 'vera').getByRole('button', { name: 'Remove vera' }).click();
    await dialog(page).getByRole('button', { name: 'Remove', exact: true }).click();
    await expect(line(page, 'vera')).toHaveCount(0);
    await line(page, ADMIN).getByRole('button', { name: 'Remove' }).click();
    await dialog(page).getByRole('button', { name: 'Remove', exact: true }).click();
    await expect(dialog(page).getByRole('alert').first()).toContainText('the last who may do everything');
  });
});

test('roles are defined, given and removed', async ({ page, board }) => {
  await close(board);
  await enter(page, ADMIN, '/users/roles');
  await expect(line(page, 'viewer').getByRole('button')).toHaveCount(0);
  await page.getByRole('button', { name: 'New role' }).click();
  await dialog(page).getByLabel('Name', { exact: true }).fill('night watch');
  await dialog(page).getByLabel('Description').fill('Looks after agents at night');
  await dialog(page).getByLabel('view_agents').check();
  await dialog(page).getByLabel('retry_tasks').check();
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(line(page, 'night watch')).toContainText('retry_tasks');
  expect((await board.get('/api/v1/roles/night%20watch')).permissions).toEqual(['view_agents', 'retry_tasks']);
  const cell = page.locator('.allows tbody tr', { hasText: 'retry_tasks' }).locator('td').last();
  await expect(cell).toHaveText('yes');

  await line(page, 'night watch').getByRole('button', { name: /^Change/ }).click();
  await expect(dialog(page).getByLabel('view_agents')).toBeChecked();
  await dialog(page).getByLabel('retry_tasks').uncheck();
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(line(page, 'night watch')).not.toContainText('retry_tasks');
  await expect(cell).toHaveText('no');

  await page.getByRole('button', { name: 'New role' }).click();
  await dialog(page).getByLabel('Name', { exact: true }).fill('night watch');
  await dialog(page).getByLabel('Description').fill('Another');
  await dialog(page).getByRole('button', { name: 'Save' }).click();
  await expect(dialog(page).locator('.field', { hasText: 'Name' }).getByRole('alert')).toContainText('there is a role');
  await dialog(page).getByRole('button', { name: 'Not now' }).click();
  await line(page, 'night watch').getByRole('button', { name: /^Remove/ }).click();
  await dialog(page).getByRole('button', { name: 'Remove' }).click();
  await expect(line(page, 'night watch')).toHaveCount(0);
});

test('a token is shown once, works, and is revoked', async ({ page, board }) => {
  await close(board);
  await enter(page, ADMIN, '/tokens');
  await page.getByRole('button', { name: 'New token' }).click();
  const form = dialog(page);
  await form.getByLabel('Name', { exact: true }).fill('reader');
  await expect(form.getByLabel('view_projects')).toBeHidden();
  await form.getByLabel('Role', { exact: true }).selectOption('permissions of its own…');
  await form.getByLabel('view_projects').check();
  await form.getByLabel('Expires', { exact: true }).selectOption('in a year');
  await form.getByRole('button', { name: 'Create' }).click();
  const shown = page.getByRole('region', { name: 'The token reader was made' });
  const secret = await shown.locator('code').first().innerText();
  expect(secret).toMatch(/^bw_\w+/);
  await expect(shown.locator('code').last()).toContainText(`curl ${board.url}/api/v1/me`);
  const ask = (path: string) => fetch(board.url + path, { headers: { authorization: `Bearer ${secret}` } });
  expect((await ask('/dashboard/projects')).status).toBe(200);
  expect((await ask('/api/v1/agents')).status).toBe(403);
  await shown.getByRole('button', { name: 'I have copied it' }).click();
  await expect(shown).toHaveCount(0);
  await expect(line(page, 'reader')).toContainText('view_projects');
  await open(page, '/tokens');
  expect(await page.content()).not.toContain(secret);
  await expect(line(page, 'reader')).toContainText(/Last used|ago/);
  await line(page, 'reader').getByRole('button', { name: 'Revoke reader' }).click();
  await dialog(page).getByRole('button', { name: 'Revoke' }).click();
  await expect(line(page, 'reader')).toHaveCount(0);
  expect((await ask('/dashboard/projects')).status).toBe(401);
});

test.describe('an account', () => {
  test.use({ expected: refused(422) });

  test('has a password, and whoever used the old one elsewhere is out', async ({ page, browser, board }) => {
    await close(board);
    await user(board, 'vera', 'viewer');
    const elsewhere = await browser.newContext({ baseURL: board.url });
    const other = await elsewhere.newPage();
    await enter(other, 'vera', '/projects');
    await enter(page, 'vera', '/account');
    const form = card(page, 'Password');
    const fill = async (current: string, next: string, again: string) => {
      await form.getByLabel('Current password').fill(current);
      await form.getByLabel('New password', { exact: true }).fill(next);
      await form.getByLabel('New password again').fill(again);
      await form.getByRole('button', { name: 'Change password' }).click();
    };
    await fill(PASSWORD, 'a new password', 'another');
    await expect(form.locator('.wrong')).toHaveText('is not the same as the new password');
    await fill('not this', 'a new password', 'a new password');
    await expect(form.locator('.wrong')).toHaveText('is not your password');
    await expect(other).toHaveURL(/\/projects$/);
    await fill(PASSWORD, 'a new password', 'a new password');
    await expect(form).toContainText('The password was changed.');
    await expect(other).toHaveURL(/\/login\?next=%2Fprojects/);
    await elsewhere.close();
    await expect(page.locator('.conn [role=status]')).toHaveText('Live');
    await expect(page).toHaveURL(/\/account$/);
    await page.context().clearCookies();
    await signIn(page, 'vera', 'a new password');
    await expect(page).toHaveURL(/:\d+\/$/);
  });

  test('lists its sessions, and ends another', async ({ page, browser, board }) => {
    await close(board);
    const elsewhere = await browser.newContext({ baseURL: board.url, userAgent: 'Firefox/140.0 (Windows)' });
    const other = await elsewhere.newPage();
    await enter(other, ADMIN, '/projects');
    await enter(page, ADMIN, '/account');
    await expect(page.locator('.person')).toContainText('Ada Lovelace');
    const sessions = card(page, 'Sessions').locator('tbody tr');
    await expect(sessions.filter({ hasText: 'this one' })).toHaveCount(1);
    await expect(sessions.filter({ hasText: 'this one' }).getByRole('button')).toHaveCount(0);
    const theirs = sessions.filter({ hasText: 'Firefox on Windows' });
    await theirs.getByRole('button', { name: /^End/ }).click();
    await dialog(page).getByRole('button', { name: 'End' }).click();
    await expect(theirs).toHaveCount(0);
    await expect(other).toHaveURL(/\/login/);
    await elsewhere.close();
  });
});

test('the audit log tells it all, and is filtered by its address', async ({ page, board }) => {
  await close(board);
  await user(board, 'vera', 'viewer');
  const form = new URLSearchParams({ username: 'vera', password: 'wrong' });
  expect((await fetch(`${board.url}/token`, { method: 'POST', body: form })).status).toBe(401);
  await enter(page, ADMIN, '/audit');
  const lines = card(page, 'Audit log').locator('tbody tr');
  await expect(lines.filter({ hasText: 'user.create' }).filter({ hasText: 'vera' })).toContainText('role viewer');
  await page.getByLabel('How it went').selectOption('denied');
  await expect(page).toHaveURL(/outcome=denied/);
  await expect(lines).toHaveCount(1);
  await expect(lines).toContainText('session.open');
  await expect(lines).toContainText('vera');
  await page.reload();
  await expect(lines, 'the address says it').toHaveCount(1);
  await page.getByLabel('How it went').selectOption('');
  await page.getByLabel('What', { exact: true }).selectOption('Users');
  await expect(lines).toHaveCount(2);
  await page.getByLabel('Who').fill('the tests');
  await page.keyboard.press('Enter');
  await expect(lines).toHaveCount(1);
  const csv = page.getByRole('link', { name: 'CSV' });
  await expect(csv).toHaveAttribute('href', /actor=the%20tests/);
  const file = await page.request.get((await csv.getAttribute('href'))!);
  expect(file.headers()['content-type']).toContain('text/csv');
  const rows = (await file.text()).trim().split('\r\n');
  expect(rows).toHaveLength(2);
  expect(rows[1]).toContain('user.create');
  await page.getByLabel('From, UTC').fill('2999-01-01T00:00');
  await expect(page.getByText('Nothing is like that')).toBeVisible();
  await page.getByRole('link', { name: 'Show all' }).click();
  await expect(lines.nth(3)).toBeVisible();
  await expect(page.getByLabel('Who')).toHaveValue('');
});
