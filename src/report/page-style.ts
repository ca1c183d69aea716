/** The style sheet of pages, with the palette as its variables. */
import { palette } from './palette.js';

/** Opacity of a row of shade 1: text on it keeps a contrast of 4.5. */
export const STRONGEST_SHADE = 0.4;

/** A wide table has a shadow at the edge behind which it goes on: that stays, and what covers it scrolls along. */
export function pageStyle(): string {
  return `
:root{color-scheme:light dark;${variables('light')}}
@media screen and (prefers-color-scheme:dark){:root{${variables('dark')}}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:64rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.75rem;line-height:1.25;margin:0 0 .5rem}
h2{font-size:1.25rem;line-height:1.3;margin:2.5rem 0 .75rem;padding-top:.75rem;border-top:1px solid var(--line)}
h3{font-size:.875rem;margin:1.5rem 0 0}
h1,h2,h3,p,li,dt,dd,figcaption,summary{overflow-wrap:anywhere}
p,ul,dl{max-width:46rem;margin:.75rem 0}
ul{padding-left:1.25rem}
.lead{font-size:1.05rem;color:var(--faint)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}
dt{font-weight:600}
dd{margin:0}
.table{overflow-x:auto;margin:.25rem 0 1.5rem;background:linear-gradient(to right,var(--paper) 50%,transparent) 0 0/3rem 100% no-repeat local,linear-gradient(to left,var(--paper) 50%,transparent) 100% 0/3rem 100% no-repeat local,linear-gradient(to right,var(--shadow),transparent) 0 0/1.25rem 100% no-repeat scroll,linear-gradient(to left,var(--shadow),transparent) 100% 0/1.25rem 100% no-repeat scroll}
table{border-collapse:collapse;font-size:.875rem}
th,td{padding:.3rem .9rem .3rem 0;border-bottom:1px solid var(--line);text-align:left;vertical-align:bottom}
thead th{color:var(--faint);font-weight:400;min-width:4.5rem}
tbody th,td{white-space:nowrap}
tbody th.long,td.long{white-space:normal;overflow-wrap:anywhere;min-width:14rem;max-width:24rem}
tbody th{font-weight:600}
th.number,td.number{text-align:right;font-variant-numeric:tabular-nums}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1.5rem;margin:1rem 0}
figure{margin:0;max-width:30rem}
figure svg{display:block;width:100%;height:auto}
summary{cursor:pointer;font-size:.875rem;color:var(--blue);padding:.25rem 0}
details{margin:.75rem 0}
pre{overflow-x:auto;font-size:.8125rem;line-height:1.4;background:var(--panel);padding:.75rem 1rem}
a{color:var(--blue)}
nav ul{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.25rem 1.25rem;max-width:none;font-size:.9375rem}
nav a{display:inline-block;padding:.25rem 0}
.warnings{list-style:none;padding:.75rem 1rem;border-left:4px solid var(--orange);background:var(--panel)}
.warnings li+li{margin-top:.5rem}
.shaded>*{background:rgb(var(--tint)/calc(var(--shade)*${STRONGEST_SHADE}));print-color-adjust:exact;-webkit-print-color-adjust:exact}
.shaded>:first-child{padding-left:.5rem}
figcaption{color:var(--faint);font-size:.875rem;margin-top:.25rem}
@media (max-width:36rem){main{padding-top:1.25rem}h1{font-size:1.4rem}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.5rem}thead th{white-space:nowrap}tbody th:not(.long){white-space:normal;min-width:7.5rem;position:sticky;left:0;background:var(--paper)}.shaded>th:first-child{min-width:0;white-space:nowrap;background:linear-gradient(rgb(var(--tint)/calc(var(--shade)*${STRONGEST_SHADE})) 0 0),var(--paper)}}
@media print{section:has(pre){display:none}body{font-size:11pt}main{max-width:none;padding:0}.table{overflow:visible;break-inside:avoid}td:not(.number){white-space:normal;overflow-wrap:anywhere}.figures{grid-template-columns:1fr 1fr}figure,tr{break-inside:avoid}h2,h2+p,h3,summary{break-after:avoid}table{font-size:8pt}th,td{padding-right:.6rem}thead th{min-width:0;overflow-wrap:anywhere}tbody th.long,td.long{min-width:0;max-width:none}nav{display:none}details::details-content{content-visibility:visible;block-size:auto}}
`;
}

function variables(scheme: 'light' | 'dark'): string {
  const colours = (['paper', 'panel', 'ink', 'faint', 'line', 'blue', 'orange'] as const).map(
    (name) => `--${name}:${palette[name][scheme]}`,
  );
  return [
    ...colours,
    `--shadow:rgb(${channels(palette.faint[scheme])}/.45)`,
    `--tint:${channels(palette.blue[scheme])}`,
  ].join(';');
}

/** `#0b6bb0` as `11 107 176`. */
function channels(colour: string): string {
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)).join(' ');
}
