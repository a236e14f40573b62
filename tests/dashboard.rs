//! The dashboard as people see it, without a terminal: pictures held to golden files, keys that change
//! them, hostile text in them. `UPDATE=1 cargo test --test dashboard` writes the pictures anew; read the
//! difference before you commit it.

#[path = "dashboard/bodies.rs"]
mod bodies;
#[path = "dashboard/demo.rs"]
mod demo;
#[path = "dashboard/hostile.rs"]
mod hostile;
#[path = "dashboard/keys.rs"]
mod keys;
#[path = "dashboard/pictures.rs"]
mod pictures;
#[path = "dashboard/screen.rs"]
mod screen;
#[path = "dashboard/segments.rs"]
mod segments;
mod support;
#[path = "dashboard/svg.rs"]
mod svg;
#[path = "dashboard/untrusted.rs"]
mod untrusted;
