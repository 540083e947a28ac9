// What others report in their own way is seen on a page that is open: pings of jobs, JUnit reports.
import { inspect, type State, tooWide } from '../barriers.ts';
import { expect, open, row, test } from '../fixtures.ts';

const REPORT = `<testsuite name="cart" tests="2" failures="1">
  <testcase classname="cart" name="adds" time="0.2"/>
  <testcase classname="cart" name="pays" time="0.1"><failure message="AssertionError: 2 is not 3"/></testcase>
</testsuite>`;

test.describe('a form that is refused once', () => {
  test.use({ expected: { console: [/the server responded with a status of 422/] } });

  test('a job is set up, reports, and is seen to', async ({ page, board }) => {
    await open(page, '/projects');
    await page.getByRole('navigation', { name: 'Projects' }).getByRole('link', { name: 'Pings' }).click();
    await expect(page.getByText('There are no pings')).toBeVisible();
    await page.getByRole('button', { name: 'New ping' }).click();
    const form = page.getByRole('dialog');
    await form.getByLabel('Project').fill('backup');
    await form.getByLabel('Every, in seconds').fill('0');
    await form.getByRole('button', { name: 'Create' }).click();
    await expect(form).toContainText('must be from 1 to 31536000 seconds');
    await form.getByLabel('Every, in seconds').fill('300');
    await form.getByRole('button', { name: 'Create' }).click();
    const made = page.getByRole('region', { name: 'The ping of backup was made' });
    const shown = await made.locator('pre').first().innerText();
    expect(shown).toMatch(new RegExp(`^${board.url}/ping/[0-9a-f]{16}`));
    await expect(made.locator('pre').nth(1)).toHaveText(`*/5 * * * * your-job; curl -fsS -m 10 --retry 3 ${shown}/$?`);
    const listed = page.getByRole('table', { name: 'Pings' }).getByRole('row').filter({ hasText: 'backup' });
    await expect(listed).toContainText('every 5 min');
    await expect(listed).toContainText('waiting for its first ping');
    await made.getByRole('button', { name: 'I have copied it' }).click();
    await expect(page.locator('body')).not.toContainText(shown);

    await open(page, '/projects?kind=job');
    await expect(row(page, 'backup')).toContainText('every 5 min');
    await expect(row(page, 'backup')).toContainText('unknown');
    expect((await fetch(`${shown}/start`)).status).toBe(200);
    expect((await fetch(shown)).status).toBe(200);
    await expect(row(page, 'backup')).toContainText('healthy');
    await row(page, 'backup').getByRole('link').click();
    const schedule = page.getByRole('region', { name: 'Schedule' });
    await expect(schedule).toContainText('on time');
    expect((await fetch(`${shown}/3`, { method: 'POST', body: 'disk full' })).status).toBe(200);
    await expect(schedule).toContainText('failed');
    await expect(page.getByText('exit 3').first()).toBeVisible();

    await open(page, '/pings');
    await page.getByRole('button', { name: 'Remove backup' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await expect(page.getByText('There are no pings')).toBeVisible();
    expect((await fetch(shown)).status).toBe(404);
  });
});

test('a report of a test runner is seen where the list is open', async ({ page, board }) => {
  await open(page, '/projects');
  await expect(page.getByText('No project has reported yet')).toBeVisible();
  await board.importJunit('shop', REPORT);
  await expect(row(page, 'shop')).toContainText('critical');
  await row(page, 'shop').getByRole('link').click();
  await expect(page.getByText('AssertionError').first()).toBeVisible();
});

test('jobs are for everyone, wide and narrow', async ({ page, board }) => {
  await board.call('/api/v1/pings', { project: 'backup of everything', schedule: '0 3 * * *', tz: 'Europe/Paris' });
  const at = (path: string): State => ({ name: path, show: (page) => open(page, path) });
  const states = [at('/pings'), at('/projects?kind=job'), at('/projects/backup%20of%20everything')];
  await inspect(page, states);
  expect(await tooWide(page, states)).toEqual([]);
});
