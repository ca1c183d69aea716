/** What the pictures of pages are called, so that none is written over another. */
import { basename, dirname } from 'node:path';

/** Of each page the name of its file; where several have it, with as many folders before it as tell them apart. */
export function pictureNames(pages) {
  return pages.map((page, at) => {
    for (let folders = 0; ; folders++) {
      const name = nameOf(page, folders);
      const isAlone = pages.every((other, place) => place === at || nameOf(other, folders) !== name);
      if (isAlone || name === nameOf(page, folders + 1)) return isAlone ? name : `${name}-${at + 1}`;
    }
  });
}

function nameOf(page, folders) {
  const parts = [basename(page, '.html')];
  for (
    let folder = dirname(page);
    parts.length <= folders && basename(folder) !== '';
    folder = dirname(folder)
  ) {
    parts.unshift(basename(folder));
  }
  return parts.join('-');
}
