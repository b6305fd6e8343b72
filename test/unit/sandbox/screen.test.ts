import { describe, expect, it } from 'vitest';

import { Screen, table, Table } from '../../../sandbox/screen.ts';

function screenOf(terminal: { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number }) {
  const written: string[] = [];
  const screen = new Screen({ ...terminal, write: (text: string) => written.push(text) });
  return { screen, text: () => written.splice(0).join('') };
}

const UP_AND_CLEAR = '\u001b[1A\r\u001b[2K';

describe('the screen', () => {
  it('redraws all lines of what is under way, below what stays', () => {
    const { screen, text } = screenOf({ isTTY: true, columns: 80, rows: 24 });
    screen.live('one', 'two', 'three');
    expect(text()).toBe('one\ntwo\nthree');
    screen.line('it happened');
    expect(text()).toBe(`\r\u001b[2K${UP_AND_CLEAR}${UP_AND_CLEAR}it happened\none\ntwo\nthree`);
    screen.close();
    expect(text()).toBe(`\r\u001b[2K${UP_AND_CLEAR}${UP_AND_CLEAR}`);
    screen.line('the end');
    expect(text()).toBe('the end\n');
  });

  it('draws as many lines and columns as there are', () => {
    const { screen, text } = screenOf({ isTTY: true, columns: 5, rows: 3 });
    screen.live('123456', 'two', 'three');
    expect(text()).toBe('1234\ntwo');
  });

  it('redraws nothing where there is no terminal', () => {
    const { screen, text } = screenOf({});
    screen.live('one', 'two');
    screen.line('it happened');
    expect(text()).toBe('it happened\n');
    expect(screen.isTerminal).toBe(false);
    expect(screen.width).toBe(100);
  });
});

describe('a table', () => {
  it('aligns amounts to the right, and versions to the left', () => {
    expect(
      table(
        ['hop', 'from', 'total'],
        [
          ['1', '44.1.0', '0.5 s'],
          ['10', '44.20260707.3.1', '12.5 s'],
        ],
      ),
    ).toEqual([
      'hop  from             total',
      '---  ---------------  ------',
      '  1  44.1.0            0.5 s',
      ' 10  44.20260707.3.1  12.5 s',
    ]);
  });

  it('prints rows as they come, in columns that were fixed before', () => {
    const shown = new Table(['what', 'n'], [['as wide as any', '']]);
    expect(shown.row(['a', '7'])).toBe('a               7');
    expect(shown.row(['a longer one than that', '7'])).toBe('a longer one than that  7');
  });
});
