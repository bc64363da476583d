import { LEFT_TO_PLAYBOOKS, MASKED } from './packages.ts';

/** Files that make a Debian root a machine of ours: path below the root → content. */
export const SYSTEM_FILES: Readonly<Record<string, string>> = {
  'etc/ssh/sshd_config.d/proofgrid.conf': `\
# One key type is enough, and generated in milliseconds.
HostKey /etc/ssh/ssh_host_ed25519_key
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
UseDNS no
PrintMotd no
# Ansible, checks and evidence talk to one machine at the same time.
MaxSessions 100
MaxStartups 100:30:200
`,
  'etc/systemd/system/proofgrid-host-keys.service': `\
[Unit]
Description=SSH host keys of this machine
DefaultDependencies=no
RequiresMountsFor=/etc/ssh
Before=ssh.service
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -q -t ed25519 -N "" -C "" -f /etc/ssh/ssh_host_ed25519_key

[Install]
RequiredBy=ssh.service
`,
  'etc/systemd/journald.conf.d/proofgrid.conf': `\
[Journal]
Storage=persistent
SystemMaxUse=256M
# Evidence has no gaps.
RateLimitIntervalSec=0
# The kernel's messages belong to the host.
ReadKMsg=no
ForwardToConsole=yes
TTYPath=/dev/console
MaxLevelConsole=info
`,
  'etc/systemd/system/systemd-journald.service.d/proofgrid.conf': `\
[Service]
# What is forwarded to the console is read in files.
Environment=SYSTEMD_COLORS=0
`,
  'etc/systemd/system.conf.d/proofgrid.conf': `\
[Manager]
# A machine is thrown away or restarted whole: nothing is worth waiting longer for.
DefaultTimeoutStopSec=10s
ShowStatus=no
`,
};

/** Runs once in the finished root, its path as $1, before it becomes an archive; \`overlay\` and \`report\` lie beside it. */
export const CUSTOMIZE = `\
#!/bin/sh
set -eu
here=$(dirname "$0")
cp --recursive --no-target-directory "$here/overlay" "$1"
for unit in ${LEFT_TO_PLAYBOOKS.join(' ')}; do
  # A machine has the units of its own container engine alone.
  [ -e "$1/lib/systemd/system/$unit" ] || continue
  chroot "$1" systemctl disable "$unit"
  # Exits with 1 for what is disabled, which is the answer wanted.
  state=$(chroot "$1" systemctl is-enabled "$unit" || :)
  [ "$state" = disabled ] || { echo "$unit is $state instead of disabled" >&2; exit 1; }
done
chroot "$1" systemctl enable ssh.service proofgrid-host-keys.service
chroot "$1" systemctl mask ${MASKED.map((unit) => `'${unit}'`).join(' ')}
chroot "$1" systemctl set-default multi-user.target
rm -f "$1"/etc/ssh/ssh_host_* "$1/etc/hostname" "$1/var/lib/dbus/machine-id" "$1/etc/cni/net.d/"*
rm -rf "$1/usr/share/doc" "$1/usr/share/man" "$1/usr/share/locale" "$1/usr/share/info" "$1"/var/log/* "$1/var/cache/apt" "$1/var/cache/debconf"
mkdir -p "$1/var/log/journal" "$1/root/.ssh" "$1/var/cache/apt/archives/partial"
chmod 0700 "$1/root/.ssh"
: > "$1/etc/machine-id"
: > "$1/etc/resolv.conf"
chroot "$1" dpkg-query --show --showformat '\${Package}\\t\${Version}\\n' > "$here/report"
`;
