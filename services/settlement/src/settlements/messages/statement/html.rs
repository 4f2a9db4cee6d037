//! The statement for paper: one page of A4, no scripts, nothing from outside.

use std::fmt::Write;

use yizhan_proto::settlement::v1::Settlement;

use super::{Page, QUALITY};

const STYLE: &str = "@page{size:A4;margin:14mm}*{box-sizing:border-box}\
body{font:13px/1.5 'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei',sans-serif;color:#1a1a1a;max-width:182mm;margin:0 auto;padding:6mm 0}\
h1{font-size:20px;text-align:center;margin:0 0 3mm}\
.composite{border:1.5px solid #b00020;color:#b00020;padding:2mm 3mm;margin:0 0 3mm}\
dl{display:grid;grid-template-columns:auto 1fr auto 1fr;gap:1mm 3mm;margin:0 0 4mm}dt{color:#666}dd{margin:0}.wide{grid-column:2/-1}\
table{width:100%;border-collapse:collapse;margin:0 0 4mm}th,td{border-bottom:.5px solid #bbb;padding:1.2mm 1.5mm;text-align:left;vertical-align:top}\
th{background:#f3f3f3;font-weight:600}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\
.how{color:#555;font-size:11px;border-bottom:.5px solid #bbb;padding-top:0}.payer td{border-bottom:0;padding-bottom:0}.off{color:#999}\
tfoot td{border:0;font-weight:600}.small{color:#666;font-size:11px}";

/// The statement as a whole HTML page.
pub fn html(settlement: &Settlement) -> String {
    let page = Page::of(settlement);
    let mut html = format!(
        "<!DOCTYPE html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\"><title>{0}</title><style>{STYLE}</style></head>\
         <body><h1>{0}</h1>",
        escape(page.title())
    );
    if !page.composite.is_empty() {
        push(
            &mut html,
            format_args!(
                "<p class=\"composite\">组合政策，非任何统筹区的真实政策。{}</p>",
                escape(page.composite)
            ),
        );
    }
    html.push_str("<dl>");
    for (label, value) in page.head() {
        push(&mut html, format_args!("<dt>{label}</dt><dd>{}</dd>", escape(&value)));
    }
    for (label, value) in &page.filing {
        push(&mut html, format_args!("<dt>{label}</dt><dd class=\"wide\">{}</dd>", escape(value)));
    }
    html.push_str("</dl>");
    push_parts(&mut html, &page);
    push_payers(&mut html, &page);
    push_basis(&mut html, &page);
    html.push_str("</body></html>\n");
    html
}

fn push_parts(html: &mut String, page: &Page<'_>) {
    let parts = page.parts();
    html.push_str("<table><tr>");
    parts.iter().for_each(|(label, _)| push(html, format_args!("<th class=\"n\">{label}</th>")));
    html.push_str("</tr><tr>");
    parts.iter().for_each(|(_, value)| push(html, format_args!("<td class=\"n\">{value}</td>")));
    html.push_str("</tr></table>");
}

fn push_payers(html: &mut String, page: &Page<'_>) {
    html.push_str(
        "<table><thead><tr><th>支付方</th><th>待遇</th><th class=\"n\">纳入费用</th><th class=\"n\">起付线</th>\
         <th class=\"n\">支付金额（元）</th></tr></thead><tbody>",
    );
    for row in &page.payers {
        let class = if row.applied { "payer" } else { "payer off" };
        let paid = if row.applied { row.paid.as_str() } else { "—" };
        push(
            html,
            format_args!(
                "<tr class=\"{class}\"><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\
                 <tr><td class=\"how\" colspan=\"5\">{}</td></tr>",
                escape(&row.name),
                escape(&row.title),
                row.base,
                row.deductible,
                paid,
                escape(&row.how)
            ),
        );
    }
    html.push_str("</tbody><tfoot>");
    for (label, value) in page.totals() {
        push(
            html,
            format_args!("<tr><td colspan=\"4\" class=\"n\">{label}</td><td class=\"n\">{value}</td></tr>"),
        );
    }
    html.push_str("</tfoot></table>");
}

fn push_basis(html: &mut String, page: &Page<'_>) {
    html.push_str("<p class=\"small\">依据：</p><ol class=\"small\">");
    for source in page.sources {
        let (title, url) = (escape(&source.title), escape(&source.url));
        push(html, format_args!("<li>{title}〔{}〕 {url}</li>", escape(&source.quality)));
    }
    push(html, format_args!("</ol><p class=\"small\">{QUALITY}</p>"));
}

fn push(html: &mut String, part: std::fmt::Arguments<'_>) {
    html.write_fmt(part).expect("writing to a String cannot fail");
}

/// Text with the characters that HTML gives a meaning replaced.
fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
