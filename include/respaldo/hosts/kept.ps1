# Runs a command, noted in a keeper's folder so that it can be ended, as kept.sh does elsewhere.
#
# Given: folder, name, program, arguments (as CommandLineToArgvW reads them), environment, pipes, priority. Then
# come a line for each pipe and one more: what the command finds in each, and what it reads. A pipe is open to
# us alone, and once.
$ours = New-Object IO.Pipes.PipeSecurity
$me = [Security.Principal.WindowsIdentity]::GetCurrent().User
$ours.AddAccessRule((New-Object IO.Pipes.PipeAccessRule($me, 'FullControl', 'Allow')))
$pipes = @(foreach ($name in $given.pipes) {
    $pipe = New-Object IO.Pipes.NamedPipeServerStream($name, 'Out', 1, 'Byte', 'Asynchronous', 0, 4096, $ours)
    @{ Pipe = $pipe; Word = $utf8.GetBytes((word)); Called = $pipe.WaitForConnectionAsync() }
})
$read = $utf8.GetBytes((word))
$start = New-Object Diagnostics.ProcessStartInfo($given.program.Replace('/', '\'), $given.arguments)
$start.UseShellExecute = $false
$start.RedirectStandardInput = $true
# What the machine's own environment says of a repository is not meant for ours.
foreach ($name in @($start.EnvironmentVariables.Keys)) {
    if ($name -like 'RESTIC_*') { $start.EnvironmentVariables.Remove($name) }
}
foreach ($one in $given.environment.PSObject.Properties) { $start.EnvironmentVariables[$one.Name] = $one.Value }
if ($given.folder) {
    $start.EnvironmentVariables['TEMP'] = $given.folder
    $start.EnvironmentVariables['TMP'] = $given.folder
}
try {
    $running = [Diagnostics.Process]::Start($start)
} catch {
    [Console]::Error.WriteLine($_.Exception.GetBaseException().Message)
    exit 127
}
$noted = "$($given.folder)/run.$($given.name)"
if ($given.folder) { [IO.File]::WriteAllText($noted, [string]$running.Id) }
# It may have ended already.
try { if ($given.priority) { $running.PriorityClass = $given.priority } } catch { }
try {
    $running.StandardInput.BaseStream.Write($read, 0, $read.Length)
    $running.StandardInput.Close()
} catch { }
while (-not $running.WaitForExit(50)) {
    $pipes = @(foreach ($one in $pipes) {
        if (-not $one.Called.IsCompleted) { $one; continue }
        try {
            $one.Pipe.Write($one.Word, 0, $one.Word.Length)
            $one.Pipe.WaitForPipeDrain()
        } catch { }
        $one.Pipe.Dispose()
    })
}
if ($given.folder) { [IO.File]::Delete($noted) }
exit $running.ExitCode
