use super::*;
use crate::SqliteOptions;
use crate::fixtures::at;
use crate::sqlite::rows::number as count;

/// Each counter and the number of rows it counts.
fn counters(store: &SqliteStore) -> Vec<(u32, u32)> {
    let sql = "SELECT kept, (SELECT count(*) FROM used_proof u WHERE u.owner = o.owner)
               FROM proof_owner o ORDER BY kept";
    let read = store.readers.read(|connection| {
        all(connection, sql, (), |row| {
            Ok((row.take(count)?, row.take(count)?))
        })
    });
    read.unwrap()
}

#[tokio::test]
async fn the_counters_count_what_is_kept_and_go_with_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("avouch.db");
    let store = SqliteStore::open(path, &SqliteOptions::default()).unwrap();
    for (caller, jti, end, quota) in [
        ("shop", "a", 1_100, 9),
        ("shop", "b", 1_200, 9),
        ("shop", "c", 1_300, 3),
        ("shop", "d", 1_300, 3),
        ("bank", "a", 1_200, 9),
    ] {
        let proof = UsedProof::client_assertion(caller, jti, at(end));
        let _ = store.use_once(&proof, quota, at(1_000)).await.unwrap();
    }
    assert_eq!(counters(&store), [(1, 1), (3, 3)]);
    // One name used again after its end, and room made at the quota.
    for jti in ["a", "e"] {
        let proof = UsedProof::client_assertion("shop", jti, at(1_400));
        let used = store.use_once(&proof, 3, at(1_250)).await.unwrap();
        assert_eq!(used, Used::First);
    }
    assert_eq!(counters(&store), [(1, 1), (3, 3)]);
    store.remove_expired_proofs(at(1_250), 10).await.unwrap();
    assert_eq!(counters(&store), [(3, 3)]);
    store.remove_expired_proofs(at(1_400), 10).await.unwrap();
    assert_eq!(counters(&store), []);
}

/// However many are kept, a use looks at a handful of rows.
#[test]
fn no_statement_scans_a_table() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("avouch.db");
    let store = SqliteStore::open(path, &SqliteOptions::default()).unwrap();
    for sql in [DELETE_ONE, DELETE_ENDED_OF_OWNER, DELETE_ENDED] {
        let plan = store.readers.read(|connection| {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
            let mut rows = statement.raw_query();
            let mut plan = Vec::new();
            while let Some(row) = rows.next()? {
                plan.push(row.get::<_, String>(3)?);
            }
            Ok(plan)
        });
        let plan = plan.unwrap();
        assert!(!plan.is_empty());
        for step in plan {
            assert!(
                !step.starts_with("SCAN") && !step.contains("TEMP B-TREE"),
                "{sql}: {step}"
            );
        }
    }
}
