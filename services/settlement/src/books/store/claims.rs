//! Reading and giving back what is claimed.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter};
use yizhan_runtime::db::find_rows;

use super::entities::claim;

/// The key of a claim: kind, owner and number.
pub type Key = [String; 3];

/// Keys in one statement.
const AT_ONCE: usize = 1000;

/// The order of the key.
pub fn in_order(a: &claim::Model, b: &claim::Model) -> Ordering {
    (&a.kind, &a.owner, &a.number).cmp(&(&b.kind, &b.owner, &b.number))
}

/// What stands of these.
pub async fn standing(db: &impl ConnectionTrait, keys: Vec<Key>) -> Result<Vec<claim::Model>, DbErr> {
    let columns = [claim::Column::Kind, claim::Column::Owner, claim::Column::Number];
    let mut standing = Vec::new();
    for keys in keys.chunks(AT_ONCE) {
        standing.extend(find_rows::<claim::Entity, 3>(db, columns, keys.to_vec()).await?);
    }
    Ok(standing)
}

/// Gives back what is held by those who held it.
pub async fn release<'c>(
    tx: &impl ConnectionTrait,
    released: impl Iterator<Item = &'c claim::Model>,
) -> Result<(), DbErr> {
    let mut numbers: BTreeMap<[&str; 3], Vec<&str>> = BTreeMap::new();
    for claim in released {
        numbers.entry([&claim.kind, &claim.owner, &claim.held_by]).or_default().push(&claim.number);
    }
    for ([kind, owner, held_by], numbers) in numbers {
        for numbers in numbers.chunks(AT_ONCE) {
            claim::Entity::delete_many()
                .filter(claim::Column::Kind.eq(kind))
                .filter(claim::Column::Owner.eq(owner))
                .filter(claim::Column::Number.is_in(numbers.iter().copied()))
                .filter(claim::Column::HeldBy.eq(held_by))
                .exec(tx)
                .await?;
        }
    }
    Ok(())
}
