//! The statement for paper: one page of A4, no scripts, nothing from outside.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use yizhan_proto::settlement::v1::{Deferral, Settlement};

use super::{Page, QUALITY, shown};

const STYLE: &str = "@page{size:A4;margin:14mm}*{box-sizing:border-box}\
body{font:13px/1.5 'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei',sans-serif;color:#1a1a1a;max-width:182mm;margin:0 auto;padding:6mm 0}\
h1{font-size:20px;text-align:center;margin:0 0 3mm}\
.composite{border:1.5px solid #b00020;color:#b00020;padding:2mm 3mm;margin:0 0 3mm}\
dl{display:grid;grid-template-columns:auto 1fr auto 1fr;gap:1mm 3mm;margin:0 0 4mm}dt{color:#666}dd{margin:0}.wide{grid-column:2/-1}\
table{width:100%;border-collapse:collapse;margin:0 0 4mm}th,td{border-bottom:.5px solid #bbb;padding:1.2mm 1.5mm;text-align:left;vertical-align:top}\
th{background:#f3f3f3;font-weight:600}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\
.how{color:#555;font-size:11px;border-bottom:.5px solid #bbb;padding-top:0}.payer td{border-bottom:0;padding-bottom:0}.off{color:#999}\
tfoot td{border:0;font-weight:600}.small{color:#666;font-size:11px}";

/// The statement as a whole HTML page. Every text of the settlement is escaped by its type.
pub fn html(settlement: &Settlement, deferral: Option<&Deferral>) -> String {
    let page = Page::of(settlement, deferral);
    let whole = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                title { (page.title()) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                h1 { (page.title()) }
                @if !page.composite.is_empty() {
                    p.composite { "组合政策，非任何统筹区的真实政策。" (page.composite) }
                }
                dl {
                    @for (label, value) in page.head() { dt { (label) } dd { (value) } }
                    @for (label, value) in &page.notes { dt { (label) } dd.wide { (value) } }
                }
                (parts(&page))
                (payers(&page))
                (basis(&page))
            }
        }
    };
    shown(&whole.into_string()) + "\n"
}

fn parts(page: &Page<'_>) -> Markup {
    let parts = page.parts();
    html! {
        table {
            tr { @for (label, _) in &parts { th.n { (label) } } }
            tr { @for (_, value) in &parts { td.n { (value) } } }
        }
    }
}

fn payers(page: &Page<'_>) -> Markup {
    html! {
        table {
            thead {
                tr { th { "支付方" } th { "待遇" } th.n { "纳入费用" } th.n { "起付线" } th.n { "支付金额（元）" } }
            }
            tbody {
                @for row in &page.payers {
                    tr.payer.off[!row.applied] {
                        td { (row.name) }
                        td { (row.title) }
                        td.n { (row.base) }
                        td.n { (row.deductible) }
                        td.n { @if row.applied { (row.paid) } @else { "—" } }
                    }
                    tr { td.how colspan="5" { (row.how) } }
                }
            }
            tfoot {
                @for (label, value) in page.totals() {
                    tr { td colspan="4" class="n" { (label) } td.n { (value) } }
                }
            }
        }
    }
}

fn basis(page: &Page<'_>) -> Markup {
    html! {
        p.small { "依据：" }
        ol.small {
            @for source in page.sources {
                li { (source.title) "〔" (source.quality) "〕 " (source.url) }
            }
        }
        p.small { (QUALITY) }
    }
}
