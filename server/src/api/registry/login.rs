//! `/me`: where `cargo login` sends people for a token.

use axum::extract::State;

use crate::app::App;

/// Says how a token is made. The server makes none over HTTP: it has no passwords, and whoever may
/// read its data folder may have a token.
pub(super) async fn page(State(app): State<App>) -> String {
    format!(
        "Tokens for {} are made on the server's machine:\n\n    flowcrate token create --scope \
         publish --name YOU\n\nThen paste the token into `cargo login --registry NAME`, where NAME \
         is what your configuration calls {}\n",
        app.registry.address.base(),
        app.registry.address.index(),
    )
}
