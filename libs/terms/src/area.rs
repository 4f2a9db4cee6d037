//! 医保行政区划: where somebody is insured, where they are treated, and which office answers for it.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// 医保行政区划 `admdvs`, six digits: the nation (100000), a province (`xx0000`), a city (`xxxx00`), or what lies in one: a county, and the
/// city's own level (市本级, `xxxx99`). A province pools its own level as a city of its own (省本级, `xx9900`), and keeps counties that belong to
/// no city under `xx90`. The codes of an area are its own and all that begin like it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Area([u8; 6]);

/// Not six digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a 6-digit admdvs")]
pub struct NotAnArea;

impl Area {
    /// The whole country.
    pub const NATION: Area = Area(*b"100000");

    /// From its six digits. Whether the dictionary has such an area is not asked: it changes every year.
    pub const fn parse(code: &str) -> Option<Area> {
        let Some((digits, [])) = code.as_bytes().split_first_chunk::<6>() else { return None };
        let mut at = 0;
        while at < digits.len() {
            if !digits[at].is_ascii_digit() {
                return None;
            }
            at += 1;
        }
        Some(Area(*digits))
    }

    /// Its six digits.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("digits are text")
    }

    /// What the codes of the area and of everything inside it begin with; empty for the nation.
    pub fn prefix(&self) -> &str {
        &self.as_str()[..self.significant()]
    }

    fn significant(self) -> usize {
        match self.0 {
            _ if self == Area::NATION => 0,
            [_, _, b'0', b'0', b'0', b'0'] => 2,
            [_, _, _, _, b'0', b'0'] => 4,
            _ => 6,
        }
    }

    /// Whether another area is this one or lies inside it: 430200 covers 430203 and 430299, 430000 covers both, 100000 all.
    pub fn covers(self, inner: Area) -> bool {
        let significant = self.significant();
        inner.0[..significant] == self.0[..significant]
    }

    /// Whether the two have ground in common: one lies inside the other.
    pub fn overlaps(self, other: Area) -> bool {
        self.covers(other) || other.covers(self)
    }

    /// Whether care there is care at home for somebody this 统筹区 pays for. A city may pool under the code of its own level (市本级): its
    /// districts are at home too. Of 省本级 nothing tells which city is home: nothing is but itself.
    pub fn is_at_home(self, place: Area) -> bool {
        match self.0 {
            [_, _, b'9', b'9', b'9', b'9'] => self.covers(place),
            [.., b'9', b'9'] => self.city().covers(place),
            _ => self.covers(place),
        }
    }

    /// The area, its city, its province, the nation; each once, the nearest first: all that cover it.
    pub fn around(self) -> impl Iterator<Item = Area> {
        let wider = [self, self.city(), self.province(), Area::NATION];
        (0..wider.len()).filter(move |&at| at == 0 || wider[at] != wider[at - 1]).map(move |at| wider[at])
    }

    /// The city it is or lies in; a province and the nation are their own.
    pub fn city(self) -> Area {
        let [a, b, c, d, ..] = self.0;
        Area([a, b, c, d, b'0', b'0'])
    }

    /// The province it is or lies in; the nation is its own.
    pub fn province(self) -> Area {
        let [a, b, ..] = self.0;
        Area([a, b, b'0', b'0', b'0', b'0'])
    }

    /// Whether both lie in one province.
    pub fn same_province(self, other: Area) -> bool {
        self.province() == other.province()
    }

    /// Whether it is a whole province, as 460000.
    pub fn is_province(self) -> bool {
        self.significant() == 2
    }

    /// Whether it stands under the province itself and in no city (省直辖县级行政区划, `xx90xx`).
    pub fn is_in_no_city(self) -> bool {
        self.0[2..4] == *b"90"
    }

    /// From the lowest to the highest code that begins like this area: for a range over an index.
    pub fn codes(self) -> RangeInclusive<Area> {
        let mut ends = (self.0, self.0);
        ends.0[self.significant()..].fill(b'0');
        ends.1[self.significant()..].fill(b'9');
        Area(ends.0)..=Area(ends.1)
    }
}

impl FromStr for Area {
    type Err = NotAnArea;

    fn from_str(code: &str) -> Result<Area, NotAnArea> {
        Area::parse(code).ok_or(NotAnArea)
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<Area> for String {
    fn from(area: Area) -> String {
        area.as_str().to_owned()
    }
}

impl Serialize for Area {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Area {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Area, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
