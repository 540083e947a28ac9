// What keeps somebody from a page: barriers that axe can find, and pages wider than the screen.
import AxeBuilder from '@axe-core/playwright';
import { expect, type Page } from './fixtures.ts';

/** A page in some state, and how to bring it about. */
export type State = { name: string; show: (page: Page) => Promise<void> };

/** What stands between somebody and the page, as axe sees it. */
async function barriers(page: Page, rules?: string[]): Promise<string[]> {
  // Only what is wrong is gathered, and in the page itself: there are no frames to put together elsewhere.
  // Only what is wrong is gathered, and in the page itself: there are no frames to put together elsewhere.
  const axe = new AxeBuilder({ page }).setLegacyMode(true).options({ resultTypes: ['violations'] });
  const { violations } = await (rules ? axe.withRules(rules) : axe).analyze();
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, help, nodes }) =>
      nodes.map((node) => `${id} (${help}): ${node.html.slice(0, 160)} ${node.failureSummary?.split('\n')[1] ?? ''}`),
    );
}

/**
 * Looks at each state wide and narrow, and at its colours in the other theme, which changes nothing else.
 * Every barrier is reported at once.
 */
export async function inspect(page: Page, states: State[]): Promise<void> {
  const found: string[] = [];
  for (const state of states) {
    await page.setViewportSize({ width: 1440, height: 900 });
    await state.show(page);
    const note = (what: string, texts: string[]) => found.push(...texts.map((text) => `${state.name}, ${what}: ${text}`));
    await page.emulateMedia({ colorScheme: 'dark', reducedMotion: 'reduce' });
    note('dark', await barriers(page, ['color-contrast']));
    await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 900 });
      note(`light, ${width} px`, await barriers(page));
    }
  }
  expect(found).toEqual([]);
}

/** States that are wider than the screen, and by what. */
export async function tooWide(page: Page, states: State[]): Promise<string[]> {
  const found: string[] = [];
  for (const state of states) {
    await page.setViewportSize({ width: 1440, height: 900 });
    await state.show(page);
    for (const width of [360, 390, 820, 1440]) {
      await page.setViewportSize({ width, height: 800 });
      const wide = await page.evaluate(() => {
        const screen = document.documentElement.clientWidth;
        const { scrollWidth } = document.scrollingElement!;
        const out = [...document.querySelectorAll('body *')]
          .filter((e) => e.getBoundingClientRect().right > screen + 1)
          .slice(0, 3)
          .map((e) => `<${e.tagName.toLowerCase()} class="${e.getAttribute('class') ?? ''}">`);
        return scrollWidth > screen ? `${scrollWidth} px by ${out.join(', ')}` : '';
      });
      if (wide) found.push(`${state.name} at ${width} px is ${wide}`);
    }
  }
  return found;
}
