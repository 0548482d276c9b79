//! Who may publish versions of a crate with a token.

use std::collections::BTreeSet;

use super::Store;
use crate::error::Error;

impl Store {
    /// The owners of a crate. One without owners takes versions from every publisher.
    pub async fn owners(&self, name: &str) -> Result<BTreeSet<String>, Error> {
        let select = "select owner from owners where crate = ?1";
        let owners: Vec<String> =
            sqlx::query_scalar(select).bind(name).fetch_all(&self.pool).await?;
        Ok(owners.into_iter().collect())
    }

    /// Adds owners.
    pub async fn add_owners(&self, name: &str, owners: &[String]) -> Result<(), Error> {
        let mut tx = self.pool.begin_with("begin immediate").await?;
        for owner in owners {
            sqlx::query("insert into owners (crate, owner) values (?1, ?2) on conflict do nothing")
                .bind(name)
                .bind(owner)
                .execute(&mut *tx)
                .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Removes owners, but not the last one: that would open the crate to everybody. Whether they
    /// were removed.
    pub async fn remove_owners(&self, name: &str, owners: &[String]) -> Result<bool, Error> {
        let mut tx = self.pool.begin_with("begin immediate").await?;
        for owner in owners {
            sqlx::query("delete from owners where crate = ?1 and owner = ?2")
                .bind(name)
                .bind(owner)
                .execute(&mut *tx)
                .await?;
        }
        let left: i64 = sqlx::query_scalar("select count(*) from owners where crate = ?1")
            .bind(name)
            .fetch_one(&mut *tx)
            .await?;
        if left == 0 {
            tx.rollback().await?;
            return Ok(false);
        }
        tx.commit().await?;
        Ok(true)
    }
}
