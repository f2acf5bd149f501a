# Keeps a private folder on a Windows machine for one connection, as keeper.sh does elsewhere: see there.
#
# Given: base, seconds. Prints the folder's path, with slashes; exit status 73: there is no room for it, 74: it
# cannot be made. Reads one line every now and then, as a sign of life: when none came for that long, or when
# standard input ends, it is over.
$me = [Security.Principal.WindowsIdentity]::GetCurrent().User
# What runs left whose keeper was killed, or whose machine went down. Another's may be no folder at all.
foreach ($old in [IO.Directory]::GetDirectories($given.base, 'respaldo.*')) {
    try {
        $found = New-Object IO.DirectoryInfo($old)
        if ($found.Attributes -band [IO.FileAttributes]::ReparsePoint) { continue }
        $owner = $found.GetAccessControl().GetOwner([Security.Principal.SecurityIdentifier])
        if ($owner -ne $me) { continue }
        $keeper = [int][IO.File]::ReadAllText("$old\keeper")
        if (Get-Process -Id $keeper -ErrorAction SilentlyContinue) { continue }
        [IO.Directory]::Delete($old, $true)
    } catch { }
}
$owned = New-Object Security.AccessControl.DirectorySecurity
$owned.SetOwner($me)
$owned.SetAccessRuleProtection($true, $false)
$inherited = 'ContainerInherit, ObjectInherit'
$owned.AddAccessRule((New-Object Security.AccessControl.FileSystemAccessRule($me, 'FullControl', $inherited, 'None', 'Allow')))
$folder = Join-Path $given.base ('respaldo.' + [Guid]::NewGuid().ToString('N').Substring(0, 10))
try {
    [void][IO.Directory]::CreateDirectory($folder, $owned)
    [IO.File]::WriteAllText("$folder\keeper", [string]$PID)
} catch {
    [Console]::Error.WriteLine($_.Exception.Message)
    # ERROR_DISK_FULL, ERROR_HANDLE_DISK_FULL, ERROR_DISK_QUOTA_EXCEEDED
    if ($_.Exception.GetBaseException().HResult -in -2147024784, -2147024857, -2147023601) { exit 73 }
    exit 74
}
say $folder.Replace('\', '/')
try {
    do { $beat = $in.ReadLineAsync() } while ($beat.Wait(1000 * $given.seconds) -and $null -ne $beat.Result)
} catch { }
$ErrorActionPreference = 'SilentlyContinue'
foreach ($noted in [IO.Directory]::GetFiles($folder, 'run.*')) {
    taskkill /T /F /PID ([IO.File]::ReadAllText($noted)) 2>&1 | Out-Null
}
# A program that has just ended may be held for a while.
foreach ($again in 1..50) {
    try { [IO.Directory]::Delete($folder, $true); break } catch { Start-Sleep -Milliseconds 200 }
}
