#!/usr/bin/env bash
# Makes a Vagrant box for libvirt of the bare Debian that tests of whole machines use (../machine/tree.sh).
#
# Usage: box.sh TREE FILE.box
# A disk of 10 GB with one partition, Debian's kernel for clouds, GRUB, DHCP on every card, and the user
# `vagrant` with the key that everybody knows, as Vagrant expects of a box. Nothing of ours is in it.
# Idempotent: does nothing where the file is there; it appears in one rename.
set -euo pipefail

megabytes=10240
drivers=(linux-image-cloud-amd64 initramfs-tools grub-pc)

main() {
  local tree=${1:?usage: box.sh TREE FILE.box} file=${2:?usage: box.sh TREE FILE.box}
  [[ ! -f $file ]] || return 0
  work=$(mktemp -d /var/tmp/mf-box-XXXXXX)
  trap clean EXIT
  make_disk
  rsync -aHAX --numeric-ids "$tree/" "$work/root/"
  settle
  install_kernel
  unmount
  pack "$file"
}

make_disk() {
  truncate --size "${megabytes}M" "$work/disk.img"
  echo 'start=2048, type=83, bootable' | sfdisk --quiet --label dos "$work/disk.img"
  disk=$(losetup --find --show --partscan "$work/disk.img")
  # Where nobody makes device nodes, the partition is looped by its offset.
  part=$(losetup --find --show --offset $((2048 * 512)) "$disk")
  mkfs.ext4 -q -L root "$part"
  mkdir "$work/root"
  mount "$part" "$work/root"
}

settle() {
  local root=$work/root key
  # Debian's package of Vagrant has it in the first of these, HashiCorp's in the second.
  key=$(find /usr/share/rubygems-integration /opt/vagrant -path '*/keys/vagrant.pub' -print -quit 2>/dev/null || true)
  install -d -m 700 -o 1000 -g 1000 "$root/home/vagrant/.ssh"
  install -m 600 -o 1000 -g 1000 "$key" "$root/home/vagrant/.ssh/authorized_keys"
  echo 'LABEL=root / ext4 defaults 0 1' >"$root/etc/fstab"
  echo 'debian' >"$root/etc/hostname"
  printf '[Match]\nName=en* eth*\n[Network]\nDHCP=yes\n' >"$root/etc/systemd/network/10-any.network"
  cat >"$root/etc/systemd/system/host-keys.service" <<'UNIT'
[Unit]
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key
[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A
[Install]
WantedBy=multi-user.target
UNIT
  systemctl --root="$root" --quiet enable systemd-networkd systemd-resolved ssh host-keys
}

install_kernel() {
  local root=$work/root folder
  for folder in dev proc sys; do mount --rbind "/$folder" "$root/$folder" && mount --make-rslave "$root/$folder"; done
  cp --remove-destination /etc/resolv.conf "$root/etc/resolv.conf"
  in_it apt-get -q update
  in_it env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "${drivers[@]}"
  in_it apt-get clean
  in_it sed -i 's/^GRUB_TIMEOUT=.*/GRUB_TIMEOUT=0/; s/^GRUB_CMDLINE_LINUX=.*/GRUB_CMDLINE_LINUX="console=ttyS0 net.ifnames=0"/' /etc/default/grub
  in_it grub-install --target=i386-pc --modules='part_msdos ext2' "$disk"
  in_it update-grub
  # It saw a loop device; a machine will see another, with the same label.
  in_it sed -i -e 's#root=\(/dev/loop\|UUID=\)[^ ]*#root=LABEL=root#' \
    -e 's#set root=(loop[0-9]*)#search --no-floppy --label --set=root root#' /boot/grub/grub.cfg
  ln -sf ../run/systemd/resolve/stub-resolv.conf "$root/etc/resolv.conf"
}

in_it() { chroot "$work/root" "$@" >>"$work/log" 2>&1 || {
  tail -n 12 "$work/log" >&2
  return 1
}; }

unmount() {
  if mountpoint --quiet "$work/root"; then
    umount --recursive "$work"/root/{dev,proc,sys}
    # Complete on the disk, though another program's namespace may hold it: GRUB reads no journal.
    mount -o remount,ro "$work/root"
    umount "$work/root"
  fi
  losetup --detach "$part" || true
  losetup --detach "$disk" || true
}

# pack FILE
pack() {
  qemu-img convert -c -O qcow2 "$work/disk.img" "$work/box.img"
  echo '{"provider": "libvirt", "format": "qcow2", "virtual_size": 10}' >"$work/metadata.json"
  echo 'Vagrant.configure("2") { |config| }' >"$work/Vagrantfile"
  tar -C "$work" -cf "$1.partial" metadata.json Vagrantfile box.img
  mv "$1.partial" "$1"
}

clean() {
  [[ ! -d $work/root ]] || unmount 2>/dev/null || true
  mountpoint --quiet "$work/root" || rm -rf "$work"
}

main "$@"
