//! The SQL of the map from scope values to the resource servers they mean.

use avouch_oauth::scope::Scope;
use deadpool_postgres::Transaction;

use super::fault::Fault;
use super::rows::execute;

/// Puts these values in the place of those that meant the RS so far. The
/// caller must be locked.
pub(super) async fn replace(
    transaction: &Transaction<'_>,
    id: &str,
    scope: &Scope,
) -> Result<(), Fault> {
    remove(transaction, id).await?;
    let add = "INSERT INTO audience_scope (scope_value, resource_server) VALUES ($1, $2)";
    for value in scope.iter() {
        execute(transaction, add, &[&value, &id]).await?;
    }
    Ok(())
}

/// From now on no value means the RS. The caller must be locked.
pub(super) async fn remove(transaction: &Transaction<'_>, id: &str) -> Result<(), Fault> {
    let sql = "DELETE FROM audience_scope WHERE resource_server = $1";
    execute(transaction, sql, &[&id]).await?;
    Ok(())
}
