import { pictureStyle } from '../../pictures/svg.ts';

/** How the page looks: in one column on a telephone, in three on a desk, dark where the reader's screen is, light on paper. */
export const PAGE_STYLE = `${pictureStyle(':root')}
:root{color-scheme:light dark;--card:#f6f8fa;--line:#d1d9e0;--good:#1a7f37;--link:#0969da;--soft:#fff8c5}
@media screen and (prefers-color-scheme:dark){:root{--card:#151b23;--line:#3d444d;--good:#3fb950;--link:#58a6ff;--soft:#272115}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Helvetica,Arial,sans-serif;overflow-wrap:anywhere}
main,body>header,footer{max-width:1120px;margin:0 auto;padding:0 16px}
body>header{padding-top:20px}
h1{font-size:1.9rem;line-height:1.2;margin:4px 0 6px}h2{font-size:1.3rem;margin:40px 0 8px}h3{font-size:1rem;margin:0 0 8px}
p{margin:0 0 10px}.about,footer,figcaption,caption{color:var(--muted)}.about,footer,figcaption{font-size:.875rem}
.lead{font-size:1.2rem;margin-bottom:14px}
a{color:var(--link)}code{font:.92em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--card);padding:1px 5px;border-radius:5px}
.verdict{border-left:6px solid var(--good);padding-left:14px}.verdict.open{border-color:var(--challenger)}.verdict.bad{border-color:var(--wrong)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,150px),1fr));gap:12px;margin:16px 0}
.facts div{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 14px}
@media (max-width:600px){.facts div:first-child{grid-column:1/-1}}
dt{font-size:.8rem;color:var(--muted)}dd{margin:0;font-weight:600}
.findings{margin:0;padding:0;list-style:none}.findings li{padding:8px 0;border-top:1px solid var(--line)}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,320px),1fr));gap:16px;margin:12px 0;align-items:start}
.card{margin:0;padding:14px 14px 12px;border:1px solid var(--line);border-radius:10px;background:var(--paper);break-inside:avoid;min-width:0}
.card.bad{border-color:var(--wrong);border-width:2px}
.card svg{display:block;width:100%;height:auto;max-width:440px;margin:0 auto 4px}
.tag{display:inline-block;font-size:.75rem;font-weight:600;padding:1px 8px;border-radius:20px;border:1px solid currentColor;white-space:nowrap;color:var(--muted)}
.tag.bad{color:var(--wrong)}.tag.good{color:var(--good)}
.note{border-left:4px solid var(--wrong);padding-left:10px}
.scroll{overflow-x:auto;margin:12px 0}
table{border-collapse:collapse;width:100%;font-size:.875rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding-bottom:6px}
th,td{text-align:left;vertical-align:top;padding:6px 12px 6px 0;border-bottom:1px solid var(--line);overflow-wrap:normal}
th[scope=row]{font-weight:600;overflow-wrap:break-word;min-width:110px;max-width:260px}
.number{text-align:right;white-space:nowrap}td:last-child,th:last-child{padding-right:2px}
#decisions td:last-child{min-width:240px;overflow-wrap:anywhere}
summary{cursor:pointer;padding:8px 0;font-weight:600}
footer{margin-top:40px;padding-bottom:30px;border-top:1px solid var(--line);padding-top:12px}
@media print{body{font-size:11pt}.cards{grid-template-columns:1fr 1fr}.scroll{overflow:visible}h2{break-after:avoid}tr{break-inside:avoid}
details::details-content{content-visibility:visible;block-size:auto}summary{display:none}}`;
