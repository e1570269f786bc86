/** Words of Asterisk, its products and dialplans: they say nothing about anybody and stay as they are. Everything else is replaced. */
const WORDS = `
PJSIP SIP IAX2 DAHDI Local Message Surrogate AsyncGoto Masqueraded ZOMBIE MASQ UnicastRTP AudioSocket WebSocket SCCP
from to internal external trunk pstn did direct catchall ext ext-local group ring queue queues local default macro sub app
xfer noxfer custom additional hook predial dialout one all ringall hangupcall blkvm ivr outbound inbound route routes
calling far long long-distance originate skipvm user record check park parkedcalls parking timeout vm voicemail context
Dial AppDial AppDial2 AppQueue Queue Answer Wait Hangup Playback Background BackGround Read WaitExten Goto Gosub GosubIf
Return Macro MacroExit Set NoOp ExecIf GotoIf Stasis AGI MixMonitor Monitor Bridge Pickup Park ParkedCall ConfBridge
MeetMe VoiceMail Echo Playtones Ringing Busy Congestion Progress Transferred Call Outgoing Line AMD ChanSpy SendDTMF
sip sips tel pjsip sccp iax iax2 dahdi s h i t o a anonymous unknown private withheld restricted unavailable asterisk
Down Rsrvd OffHook Dialing Ring Ringing Up Busy Reserved Dialing Offhook Pre-ring Unknown
ANSWER BUSY CANCEL CHANUNAVAIL CONGESTION NOANSWER ABORT CONTINUE GOTO ANSWERED NO FAILED DOCUMENTATION
basic mixing holding bridge softmix simple native rtp holding_bridge simple_bridge native_rtp softmix_bridge
Success Failure Fail Invalid Not Permitted Attended Blind hangup merge app link threeway destination type
Normal Clearing User busy alerting answer Interworking unspecified Circuit channel Requested not available
Subscriber absent number changed Unallocated unassigned rejected Temporary failure Network out of order Cause
call cdr agent user system reporting all en es ru fr de pt it plain start Complete yes no true false none
`;

export const VOCABULARY: ReadonlySet<string> = new Set(WORDS.split(/\s+/).filter((word) => word !== ""));

/**
 * Headers that mean something to the tracker or to whoever reads a trace, by their last part: `DestChannel` is a `Channel`.
 * Others (variables, user events, account codes) are left out: nobody knows what people put into them.
 */
const ENDINGS = `
Event Channel ChannelState ChannelStateDesc CallerIDNum ConnectedLineNum Context Exten Extension Priority Uniqueid Linkedid
DialString DialStatus Forward BridgeUniqueid BridgeId BridgeID BridgeType BridgeTechnology BridgeNumChannels Cause Result
Application Duration Seconds DNID Oldname Newname Queue Position Count HoldTime RingTime TalkTime Interface MemberName
LocalOptimization IsExternal TransferMethod TransfereeContext DestType DestBridgeUniqueid DestTransfererChannel
Parkinglot ParkingSpace ParkingTimeout ParkingDuration Conference Admin State Digit Direction Reason Response
UniqueID LinkedID Source Destination DestinationContext DestinationChannel LastApplication LastData StartTime AnswerTime
EndTime BillableSeconds Disposition CallerIDName ConnectedLineName Hint Device
`;

const HEADER = new RegExp(`(?:${ENDINGS.trim().split(/\s+/).join("|")})$`);
/** Bounded, and of the shape of a header: not what somebody made of it in a dialplan. */
const NAME = /^[A-Za-z0-9]{2,48}$/;

/** Names of people, never kept whatever they are. */
const PERSONAL = /Name$/;

export const isKept = (header: string): boolean => NAME.test(header) && HEADER.test(header);
export const isPersonal = (header: string): boolean => PERSONAL.test(header) && !/^(Old|New)name$/.test(header);
