// The pages of access for everyone: no barrier that axe can find, none wider than the screen.
import { inspect, type State, tooWide } from '../barriers.ts';
import { ADMIN, close, enter, refused, user } from '../access.ts';
import { type Board, expect, open, type Page, test } from '../fixtures.ts';

const LONG = 'a-user-whose-name-is-much-longer-than-anybody-would-choose-but-somebody-did-choose-it';

const at = (path: string): State => ({ name: path, show: (page) => open(page, path) });

/** A page with its question open. */
const asking = (path: string, button: RegExp): State => ({
  name: `${path}, asking by ${button.source}`,
  show: async (page) => {
    await open(page, path);
    await page.getByRole('button', { name: button }).first().click();
    await expect(page.getByRole('dialog').filter({ visible: true })).toBeVisible();
  },
});

const EMPTY: State[] = [
  at('/users'), at('/users/roles'), at('/tokens'), at('/audit'), at('/account'),
  { name: 'the first admin', show: async (page) => void (await page.goto('/login')) },
];

const STATES: State[] = [
  at('/users'), at('/users/roles'), at('/tokens'), at('/audit'), at('/audit?actor=nobody'), at('/account'),
  asking('/users', /New user/), asking('/users', /^Remove/), asking('/users/roles', /New role/), asking('/tokens', /New token/),
  {
    name: 'who is signed in',
    show: async (page) => {
      await open(page, '/projects');
      await page.locator('button.who').click();
      await expect(page.locator('#who')).toBeVisible();
    },
  },
];

const STRANGER: State[] = [
  { name: 'signing in', show: async (page) => void (await page.goto('/login?next=/work')) },
  {
    name: 'signing in, wrongly',
    show: async (page: Page) => {
      await page.goto('/login');
      await page.getByLabel('User name').fill(ADMIN);
      await page.getByLabel('Password').fill('wrong');
      await page.getByRole('button', { name: 'Sign in' }).click();
      await expect(page.getByRole('alert')).toBeVisible();
    },
  },
];

async function filled(board: Board): Promise<void> {
  await close(board);
  await user(board, LONG, 'viewer', { full_name: LONG, email: `${LONG.slice(0, 60)}@example.org` });
  await user(board, 'vera', 'viewer');
  await board.call('/api/v1/roles', { name: LONG, description: LONG, permissions: ['view_agents', 'retry_tasks'] });
  await board.call('/api/v1/tokens', { name: LONG, permissions: ['view_projects', 'view_metrics', 'acknowledge_alerts'] });
}

test.use({ expected: refused(401, 403) });

for (const state of EMPTY) {
  test(`${state.name} of an open board has no barriers`, async ({ page }) => {
    await inspect(page, [state]);
  });
}

for (const state of STATES) {
  test(`${state.name} has no barriers`, async ({ page, board }) => {
    await filled(board);
    await enter(page, ADMIN);
    await inspect(page, [state]);
  });
}

test('where one signs in, and what one may not see, have no barriers', async ({ page, board }) => {
  await filled(board);
  await inspect(page, STRANGER);
  await enter(page, 'vera');
  await inspect(page, [at('/system'), at('/')]);
});

test('no page of access is wider than the screen', async ({ page, board }) => {
  test.setTimeout(180_000);
  const found = await tooWide(page, EMPTY);
  await filled(board);
  found.push(...(await tooWide(page, STRANGER)));
  await enter(page, ADMIN);
  found.push(...(await tooWide(page, STATES)));
  expect(found).toEqual([]);
});
