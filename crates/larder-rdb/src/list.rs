//! Lists: listpacks in a row, which earlier were ziplists, and before that single elements.

use crate::listpack::{self, Listpack};
use crate::reader::Reader;
use crate::writer::Writer;
use crate::{Error, Result, kind, ziplist};
use larder_core::Tools;
use larder_core::value::list::List;
use larder_core::value::string::{IntText, Str};

/// What a node of the row holds: one long element as it is, or a listpack.
const PLAIN: u64 = 1;
const PACKED: u64 = 2;

/// Bytes up to which a listpack takes more: what Redis does as it comes.
const NODE_BYTES: usize = 8 << 10;

pub(crate) fn write(list: &List) -> Writer {
    let mut nodes = Vec::new();
    let mut node = Listpack::new();
    for element in list {
        if node.len() > 0 && node.size() + element.len() > NODE_BYTES {
            nodes.push(std::mem::replace(&mut node, Listpack::new()));
        }
        node.push_text(element);
    }
    nodes.push(node);
    let mut out = Writer::new(kind::LIST_OF_LISTPACKS);
    out.count(nodes.len());
    for node in nodes {
        out.number(PACKED);
        out.text(&node.finish());
    }
    out
}

pub(crate) fn read(kind: u8, rest: &mut Reader<'_>, tools: &Tools<'_>) -> Result<List> {
    let mut list = List::new();
    let nodes = if kind == kind::LIST_ZIPLIST { 1 } else { rest.count()? };
    for _ in 0..nodes {
        let container = if kind == kind::LIST_OF_LISTPACKS { rest.number()? } else { PACKED };
        let node = rest.text()?;
        match (kind, container) {
            (kind::LIST, _) | (kind::LIST_OF_LISTPACKS, PLAIN) => list.push_back(&tools.limits, &node),
            (kind::LIST_OF_LISTPACKS, PACKED) => extend(&mut list, tools, listpack::elements(&node)?)?,
            (kind::LIST_ZIPLIST | kind::LIST_OF_ZIPLISTS, _) => {
                extend(&mut list, tools, ziplist::elements(&node)?)?;
            }
            _ => return Err(Error::Damaged),
        }
    }
    if list.is_empty() { Err(Error::Damaged) } else { Ok(list) }
}

fn extend<'p>(
    list: &mut List,
    tools: &Tools<'_>,
    elements: impl Iterator<Item = Result<Str<'p>>>,
) -> Result<()> {
    let mut text = IntText::new();
    for element in elements {
        list.push_back(&tools.limits, element?.as_bytes(&mut text));
    }
    Ok(())
}
