// Fills in a hotspot page's macros as a router does (facts `routeros.md` 7): `$(name)`, `$(if name)`,
// `$(if name == 'text')`, `$(elif …)`, `$(else)`, `$(endif)`. What it does not know stops the test.

/** The page as a phone gets it. A name without a value is empty, as on the router. */
export function expand(text, values) {
  const holds = (condition) => {
    const [, name, operator, wanted] = /^([\w-]+)(?: (==|!=) '([^']*)')?$/.exec(condition) ?? fail(condition);
    const value = values[name] ?? '';
    if (operator === undefined) return value !== '';
    return (value === wanted) === (operator === '==');
  };
  // Of each open `$(if)`: whether its present part is shown, and whether one was.
  const open = [];
  let page = '';
  for (const [index, part] of text.split(/\$\(([^)]*)\)/).entries()) {
    const shown = open.every((branch) => branch.shown);
    if (index % 2 === 0) page += shown ? part : '';
    else if (part.startsWith('if ')) {
      const taken = holds(part.slice(3));
      open.push({ shown: taken, was: taken });
    } else if (part.startsWith('elif ') || part === 'else') {
      const branch = open.at(-1) ?? fail(part);
      branch.shown = !branch.was && (part === 'else' || holds(part.slice(5)));
      branch.was ||= branch.shown;
    } else if (part === 'endif') open.pop() ?? fail(part);
    else if (!/^[\w-]+$/.test(part)) fail(part);
    else if (shown) page += values[part] ?? '';
  }
  if (open.length > 0) fail('an open $(if)');
  return page;
}

function fail(what) {
  throw new Error(`the router does not know $(${what})`);
}
