//! A table as a picture: bars, as SVG, readable on light and dark paper.
//!
//! Mostly each row is on a scale of its own, since it is contenders that are compared. Where rows are, and lie orders
//! of magnitude apart, all are on one logarithmic scale.

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

/// Bars for all figures on one logarithmic scale, with a line for each power of ten.
pub(super) fn ladder(part: &Part) -> String {
    let figures = part.rows.iter().flat_map(|row| {
        row.figures.iter().map(move |(who, figures)| (row.name.as_str(), who.as_str(), figures))
    });
    let shown: Vec<_> =
        figures.filter(|(_, _, figures)| figures.least() > 0.0 && !figures.0.is_empty()).collect();
    let least = shown.iter().map(|(_, _, figures)| figures.least()).fold(f64::INFINITY, f64::min);
    let most = shown.iter().map(|(_, _, figures)| figures.most()).fold(1.0, f64::max);
    let (first, last) = (least.min(most).log10().floor(), most.log10().ceil());
    let step = (WIDTH - LABELS - 90.0) / (last - first).max(1.0);
    let x = |figure: f64| LABELS + (figure.log10() - first) * step;
    let bottom = 52.0 + shown.len() as f64 * (BAR + 9.0);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {:.0}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#fbfaf7\"/>\n\
         <text x=\"10\" y=\"22\" font-size=\"15\" fill=\"#222\">{} ({}, logarithmic)</text>\n",
        bottom + 26.0,
        part.title,
        part.unit
    );
    for power in first as i32..=last as i32 {
        let at = x(10_f64.powi(power));
        let _ = write!(
            svg,
            "<line x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"40\" y2=\"{bottom:.1}\" stroke=\"#ddd\"/>\n\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#444\">{}</text>\n",
            bottom + 16.0,
            10_f64.powi(power)
        );
    }
    let names = part.contenders();
    for (at, (row, who, figures)) in shown.iter().enumerate() {
        let (y, end) = (48.0 + at as f64 * (BAR + 9.0), x(figures.median()));
        let place = names.iter().position(|known| known == who).unwrap_or(0);
        let _ = write!(
            svg,
            "<text x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#222\">{row}, {who}</text>\n\
             <rect x=\"{LABELS}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{BAR}\" fill=\"{}\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" fill=\"#444\">{}</text>\n",
            LABELS - 10.0,
            y + 12.0,
            end - LABELS,
            COLOURS[place % COLOURS.len()],
            x(figures.most()) + 8.0,
            y + 12.0,
            super::report::figure(figures.median()),
        );
    }
    svg + "</svg>\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::{Better, Row};

    #[test]
    fn a_ladder_has_a_rung_for_each_figure_and_a_line_for_each_power_of_ten() {
        let mut here = Row::new("here", &[]);
        here.add("larder", 100.0);
        let mut there = Row::new("there", &[]);
        [("larder", 20_000.0), ("redis-server", 50_000.0)].iter().for_each(|(who, ns)| there.add(who, *ns));
        let part = Part {
            key: "doors",
            title: "Title",
            text: String::new(),
            unit: "ns",
            command: "",
            better: Better::Less,
            rows: vec![here, there],
        };
        let svg = ladder(&part);
        assert_eq!((svg.matches("<rect x=").count(), svg.matches("<line").count()), (3, 4));
        for text in [">100<", ">1000<", ">100000<", ">there, redis-server<", ">20000<"] {
            assert!(svg.contains(text), "{text} in {svg}");
        }
        // Where nothing was measured there is nothing to show.
        assert!(ladder(&Part { rows: Vec::new(), ..part }).ends_with("</svg>\n"));
    }
}
