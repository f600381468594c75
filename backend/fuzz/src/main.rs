//! libFuzzer with one of the targets of `watchroom::fuzz`, the one that `WATCHROOM_FUZZ_TARGET` names.

#![no_main]

use std::env;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = env::var("WATCHROOM_FUZZ_TARGET").expect("WATCHROOM_FUZZ_TARGET names the target");
    let found = watchroom::fuzz::TARGETS.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("there is no target {name}")).1
});

fuzz_target!(|data: &[u8]| TARGET(data));
