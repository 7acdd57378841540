//! Which number an object has, by its address.
//!
//! Most payloads hold a handful of objects, for which a scan is cheapest and nothing is allocated; a table follows only
//! when there are more. Addresses stay valid as identities because the encoder holds a reference to every object it saw.

/// Objects up to which the list itself is scanned.
const SCANNED: usize = 8;

#[derive(Default)]
pub(super) struct Identities {
    /// Addresses by number.
    addresses: Vec<usize>,
    /// Open addressing, number + 1, 0 is free; a power of two long, at most half full. Empty while the list is scanned.
    table: Vec<u32>,
}

impl Identities {
    pub(super) fn clear(&mut self) {
        self.addresses.clear();
        self.table.clear();
    }

    /// The number of an object seen before; else it gets the next one.
    #[inline]
    pub(super) fn find_or_add(&mut self, address: usize) -> Option<u32> {
        if self.table.is_empty() {
            if let Some(number) = self.addresses.iter().position(|&seen| seen == address) {
                return Some(number as u32);
            }
            self.addresses.push(address);
            if self.addresses.len() > SCANNED {
                self.rebuild(SCANNED * 8);
            }
            return None;
        }
        let mask = self.table.len() - 1;
        let mut slot = hash(address) & mask;
        while let Some(number) = self.table[slot].checked_sub(1) {
            if self.addresses[number as usize] == address {
                return Some(number);
            }
            slot = (slot + 1) & mask;
        }
        self.addresses.push(address);
        self.table[slot] = self.addresses.len() as u32;
        if self.addresses.len() * 2 > self.table.len() {
            self.rebuild(self.table.len() * 4);
        }
        None
    }

    fn rebuild(&mut self, size: usize) {
        self.table.clear();
        self.table.resize(size, 0);
        let mask = size - 1;
        for (number, &address) in self.addresses.iter().enumerate() {
            let mut slot = hash(address) & mask;
            while self.table[slot] != 0 {
                slot = (slot + 1) & mask;
            }
            self.table[slot] = number as u32 + 1;
        }
    }
}

/// The low bits of addresses say little; the multiplication's high half says much.
#[inline]
fn hash(address: usize) -> usize {
    ((address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize
}

#[cfg(test)]
mod tests {
    use super::Identities;

    #[test]
    fn every_address_keeps_its_number_while_the_table_grows() {
        let mut identities = Identities::default();
        for number in 0..5_000 {
            assert_eq!(identities.find_or_add(0x1000 + number * 72), None);
        }
        for number in 0..5_000 {
            assert_eq!(identities.find_or_add(0x1000 + number * 72), Some(number as u32));
        }
    }
}
