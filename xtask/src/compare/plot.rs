//! A table as a picture: bars, as SVG, readable on light and dark paper.

use super::Part;
use std::fmt::Write;

const WIDTH: f64 = 860.0;
const LABELS: f64 = 250.0;
const BAR: f64 = 15.0;
const COLOURS: &[&str] = &["#2f7d4f", "#b5533c", "#4a6fa5", "#a88a2f", "#7b5ea7", "#5b8f8f"];

/// Bars for each row, each row on its own scale: what is compared stands side by side.
pub(super) fn bars(part: &Part) -> String {
    let measured = |row: &&super::Row| row.figures.iter().any(|(_, figures)| !figures.0.is_empty());
    let shown: Vec<_> = part.rows.iter().filter(measured).collect();
    let rows: usize = shown.iter().map(|row| row.figures.len()).sum();
    let height = 50.0 + rows as f64 * (BAR + 3.0) + shown.len() as f64 * 14.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fbfaf7\"/>\n\
         <text x=\"10\" y=\"22\" font-size=\"15\" fill=\"#222\">{}{}</text>\n",
        part.title,
        if part.unit.is_empty() { String::new() } else { format!(" ({})", part.unit) }
    );
    let names = part.contenders();
    let mut y = 44.0;
    for row in shown {
        let most = row.figures.iter().map(|(_, figures)| figures.most()).fold(f64::MIN_POSITIVE, f64::max);
        for (at, (name, figures)) in row.figures.iter().enumerate() {
            let scale = (WIDTH - LABELS - 190.0) / most;
            if figures.0.is_empty() {
                continue;
            }
            let median = figures.median();
            let label = if at == 0 { row.name.as_str() } else { "" };
            let place = names.iter().position(|known| known == name).unwrap_or(0);
            let colour = COLOURS[place % COLOURS.len()];
            let _ = write!(
                svg,
                "<text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#222\">{label}</text>\n\
                 <rect x=\"{LABELS}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{BAR}\" fill=\"{colour}\"/>\n\
                 <line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{:.1}\" y2=\"{:.1}\" stroke=\"#222\"/>\n\
                 <text x=\"{:.1}\" y=\"{:.1}\" fill=\"#444\">{name} {}</text>\n",
                LABELS - 10.0,
                y + 12.0,
                median * scale,
                LABELS + figures.least() * scale,
                LABELS + figures.most() * scale,
                y + BAR / 2.0,
                y + BAR / 2.0,
                LABELS + figures.most() * scale + 8.0,
                y + 12.0,
                super::report::figure(median),
            );
            y += BAR + 3.0;
        }
        y += 14.0;
    }
    svg + "</svg>\n"
}
