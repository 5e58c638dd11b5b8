//! A table as a picture: bars, as SVG, readable on light and dark paper.

use super::Part;
use std::fmt::Write;

const WIDTH: f64 = 860.0;
const LABELS: f64 = 250.0;
const BAR: f64 = 15.0;
const COLOURS: &[&str] = &["#2f7d4f", "#b5533c", "#4a6fa5", "#a88a2f", "#7b5ea7", "#5b8f8f"];

/// Bars for each row, each row on its own scale: what is compared stands side by side.
pub(crate) fn bars(part: &Part) -> String {
    let rows: usize = part.rows.iter().map(|row| row.figures.len()).sum();
    let height = 50.0 + rows as f64 * (BAR + 3.0) + part.rows.len() as f64 * 14.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fbfaf7\"/>\n\
         <text x=\"10\" y=\"22\" font-size=\"15\" fill=\"#222\">{} ({})</text>\n",
        part.title, part.unit
    );
    let mut y = 44.0;
    for row in &part.rows {
        let most = row.figures.iter().map(|(_, figures)| figures.most()).fold(f64::MIN_POSITIVE, f64::max);
        for (at, (name, figures)) in row.figures.iter().enumerate() {
            let scale = (WIDTH - LABELS - 190.0) / most;
            let median = figures.median();
            let label = if at == 0 { row.name.as_str() } else { "" };
            let colour = COLOURS[at % COLOURS.len()];
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
