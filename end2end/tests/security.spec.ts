// What others send is text, whatever it says; and the page's policy holds.
import { card, expect, open, type Page, registered, row, run, test } from '../fixtures.ts';

/** Collects what the page's policy refused, from the first script on. */
async function refusals(page: Page): Promise<() => Promise<string[]>> {
  await page.addInitScript(() => {
    const refused: string[] = [];
    Object.assign(window, { refused });
    document.addEventListener('securitypolicyviolation', (event) =>
      refused.push(`${event.violatedDirective} ${event.blockedURI}`),
    );
  });
  return () => page.evaluate(() => (window as any).refused as string[]);
}

test('pages work under a strict policy', async ({ page, board }) => {
  const refused = await refusals(page);
  await board.send(run('checkout', 'failed', { errors: [{ type: 'E', message: 'no' }] }));
  for (const path of ['/', '/projects', '/projects/checkout', '/system']) {
    const response = await page.goto(path);
    const policy = response?.headers()['content-security-policy'] ?? '';
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("object-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toMatch(/script-src [^;]*'nonce-[\w+/=-]{16,}'/);
    expect(policy.match(/script-src [^;]*/)![0]).not.toContain("'unsafe-inline'");
    expect(policy.match(/script-src [^;]*/)![0]).not.toContain("'unsafe-eval'");
    expect(response?.headers()['x-content-type-options']).toBe('nosniff');
    await expect(page.locator('.conn')).toHaveText('Live');
    expect(await refused()).toEqual([]);
  }
});

test.describe('a script that got in', () => {
  test.use({ expected: { console: [/Executing inline script violates the following Content Security Policy/] } });

  test('is not run', async ({ page }) => {
    const refused = await refusals(page);
    await open(page, '/');
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'window.gotIn = true';
      document.body.append(script);
    });
    expect(await page.evaluate(() => 'gotIn' in window)).toBe(false);
    await expect.poll(async () => (await refused()).length).toBe(1);
  });
});

for (const name of [
  '<img src=x onerror=alert(1)>',
  '</script><script>alert(1)</script>',
  'team/service v2',
  `"it's" & <b>50 %</b> ?q=1#frag`,
  'проект ☂ 東京',
  '100%25',
  'a+b c',
]) {
  test(`a project may be called ${name}`, async ({ page, board }) => {
    await board.send(run(name, 'failed', { errors: [{ type: name, message: name }] }));
    await open(page, '/');
    const link = row(page, name).getByRole('link', { name, exact: true });
    await expect(link).toHaveText(name);
    await expect(page.locator('.tick li')).toContainText(`${name} failed`);
    await expect(page.locator('main img, main script, main b b')).toHaveCount(0);

    // By a click, which the browser half follows.
    await link.click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(name);
    await expect(page.locator('.heading strong')).toHaveText(name);
    // The number of alerts that need somebody may go before it.
    const title = async () => (await page.title()).replace(/^\(\d+\) /, '');
    await expect.poll(title).toBe(`${name} · Bellwether`);
    await expect(card(page, 'Runs').locator('.runs > li')).toHaveCount(1);

    // By its address, which the server renders.
    await page.reload();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(name);
    await expect(page.locator('.heading strong')).toHaveText(name);
    await expect(page.locator('.conn')).toHaveText('Live');
    await expect.poll(title).toBe(`${name} · Bellwether`);
    await expect(card(page, 'Runs').locator('.runs > li')).toHaveCount(1);
    await expect(page.locator('main img, main script, main b b')).toHaveCount(0);

    // And it is live there.
    await board.send(run(name, 'passed'));
    await expect(page.locator('.heading .st')).toHaveText('healthy');

    // The charts read history by the same name.
    await page.getByRole('link', { name: '6h' }).click();
    await expect(page).toHaveURL(/window=6h/);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(name);
    await expect(page.locator('.heading strong')).toHaveText(name);
  });
}

test('only web addresses become links', async ({ page, board }) => {
  const bad = 'javascript:alert(1)';
  await board.send(
    registered('trap', { url: bad, owner: bad, tags: [bad] }),
    run('trap', 'failed', { url: bad }),
    registered('home', { url: 'https://example.org/home' }),
    run('home', 'passed', { url: 'https://example.org/run/1' }),
  );
  const links = (page: Page) => page.locator('a').evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).protocol));
  for (const path of ['/', '/projects', '/projects/trap']) {
    await open(page, path);
    expect(new Set(await links(page))).toEqual(new Set(['http:']));
  }
  await expect(card(page, 'Runs').locator('.runs > li')).toHaveCount(1);
  await open(page, '/projects/home');
  const home = page.getByRole('link', { name: 'Its home' });
  await expect(home).toHaveAttribute('href', 'https://example.org/home');
  await expect(home).toHaveAttribute('rel', /noopener/);
  await expect(page.getByRole('link', { name: "The run's own page" })).toHaveAttribute('href', 'https://example.org/run/1');
});
