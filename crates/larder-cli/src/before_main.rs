//! What the program does before anything of it allocates.
//!
//! The allocator touches its first two huge pages before `main`, and those would be four tenths of the memory of a
//! server that has just started. So the program goes without huge pages from its very first step; `larder serve` asks
//! for them again when there is something to keep.
#![allow(unsafe_code)]

// SAFETY: the C library calls, before `main` and with no other thread there, what this section holds, functions of this
// type. Those without a number in the section's name, the allocator's among them, come later. The function allocates
// nothing and uses nothing of the standard library that `main` has to prepare: it is two system calls and a store.
#[used]
#[unsafe(link_section = ".init_array.00101")]
static BEFORE_MAIN: extern "C" fn() = before_main;

extern "C" fn before_main() {
    larder_server::stay_small();
}
