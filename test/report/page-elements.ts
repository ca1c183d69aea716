/** A page as its elements, which it must be well-formed for. */
import { type XmlElement, xmlElements } from './xml-elements.js';

/** @throws Error where an element is not closed, or a text not escaped */
export function pageElements(html: string): XmlElement[] {
  const open = /^<!DOCTYPE html>\n/;
  if (!open.test(html)) throw new Error(`no page: ${html.slice(0, 80)}`);
  return xmlElements(html.replace(open, '').replaceAll(/<meta ([^>]*)>/g, '<meta $1/>'));
}

export function textsOfAll(elements: readonly XmlElement[], name: string): string[] {
  return elements.filter((element) => element.name === name).map(({ text }) => text);
}
