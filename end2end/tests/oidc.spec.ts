// Signing in with OpenID Connect, at a real provider, in a real browser.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { refused } from '../access.ts';
import { Board } from '../board.ts';
import { expect, type Page, pill, test as base } from '../fixtures.ts';
import { CLIENT_ID, CLIENT_SECRET, startProvider } from '../oidc-provider.mjs';

type Provider = Awaited<ReturnType<typeof startProvider>>;

const test = base.extend<{ provider: Provider }>({
  provider: async ({}, use) => {
    const provider = await startProvider();
    await use(provider);
    await provider.stop();
  },

  board: async ({ provider }, use) => {
    const dir = await mkdtemp(join(tmpdir(), 'bellwether-oidc-'));
    const secret = join(dir, 'secret');
    await writeFile(secret, `${CLIENT_SECRET}\n`);
    const args = [
      ['--oidc-issuer', provider.issuer],
      ['--oidc-client-id', CLIENT_ID],
      ['--oidc-client-secret-file', secret],
      ['--oidc-name', 'Corp'],
      ['--oidc-scope', 'openid profile email groups'],
      ['--oidc-role', 'bosses=admin'],
      ['--oidc-role', 'ops=operator'],
    ];
    const board = await Board.create({ sampler: false, args: args.flat() });
    await use(board);
    await board.discard();
    await rm(dir, { recursive: true, force: true });
  },
});

// A page that is left asks once more who one is, and is told that one is nobody any more.
test.use({ expected: refused(401) });

/** Follows the button to the provider. */
const toProvider = (page: Page) => page.getByRole('link', { name: 'Sign in with Corp' }).click();

/** Signs in at the provider, for the first time. */
async function atProvider(page: Page, name: string): Promise<void> {
  await page.getByLabel('Name').fill(name);
  await page.getByRole('button', { name: 'Go on' }).click();
}

/** Who the board says this browser is. */
const me = async (page: Page) => (await page.request.get('/api/v1/me')).json();

test('whoever the provider lets in has the role of their group, as it is now', async ({ page, provider }) => {
  provider.groups.set('ann', ['staff', 'ops']);
  await page.goto('/projects?q=check');
  await expect(page).toHaveURL(/\/login\?next=/);
  await toProvider(page);
  await expect(page).toHaveURL((url) => url.origin === provider.issuer);
  await atProvider(page, 'ann');
  await expect(page).toHaveURL('/projects?q=check');
  expect(await me(page)).toMatchObject({
    username: 'ann',
    full_name: 'ann of Corp',
    email: 'ann@corp.example',
    role: 'operator',
    via: 'session',
  });

  // Out here, but not there: coming back takes one click, and the groups are looked at anew.
  await expect(pill(page)).toHaveText('Live');
  const out = await page.request.post('/logout');
  expect(out.status()).toBe(204);
  expect((await me(page)).status).toBe(401);
  provider.groups.set('ann', ['staff', 'bosses']);
  // The page leaves by itself, since its line is closed.
  await expect(page).toHaveURL(/\/login\?next=/);
  await toProvider(page);
  await expect(page).toHaveURL('/projects?q=check');
  expect(await me(page)).toMatchObject({ username: 'ann', role: 'admin' });
});

test.describe('without a role', () => {
  test.use({
    expected: { console: [/Failed to load resource: the server responded with a status of 403/] },
  });

  test('nobody gets in, and is told why', async ({ page, provider }) => {
    provider.groups.set('bob', ['staff']);
    await page.goto('/login');
    await toProvider(page);
    await atProvider(page, 'bob');
    await expect(page.getByRole('alert')).toContainText('none of your groups has a role here');
    await expect(page.getByRole('button', { name: 'Sign in', exact: true })).toBeVisible();
    expect((await me(page)).status).toBe(401);
  });
});
